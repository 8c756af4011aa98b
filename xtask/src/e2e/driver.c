/* Loads the library that its argument names as Python loads an extension module, and exits with 0 if that works. */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    /* A constructor that waits for something must not hold up the run. */
    alarm(60);
    if (count != 2)
        return 2;
    if (!dlopen(arguments[1], RTLD_NOW)) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    /* Without destructors: those of the library would talk to a Python that is not there. */
    _exit(0);
}
