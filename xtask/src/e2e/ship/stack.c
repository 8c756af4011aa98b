#define _GNU_SOURCE
#include <pthread.h>
#include <stddef.h>
/* The size of the calling thread's stack. */
size_t stack_size(void)
{
    pthread_attr_t attributes;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0)
        pthread_attr_getstacksize(&attributes, &size);
    return size;
}
static void *run(void *result) { *(size_t *)result = stack_size(); return NULL; }
/* The size of the stack of a thread that C code starts without asking for a size. */
size_t default_stack_size(void)
{
    pthread_t thread;
    size_t size = 0;
    if (pthread_create(&thread, NULL, run, &size) == 0)
        pthread_join(thread, NULL);
    return size;
}
