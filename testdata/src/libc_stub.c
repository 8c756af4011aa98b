/* Stands for libc at link time: the names the fixtures take from it, under the SONAME musl's own
 * build has none of, so that objects say NEEDED libc.so. Never loaded and not checked in. */
int getpid(void) { return 0; }
__SIZE_TYPE__ strlen(const char *text) { return (__SIZE_TYPE__)text; }
void *__tls_get_addr(void *index) { return index; }
void *___tls_get_addr(void *index) { return index; }
void *__tls_get_offset(void *index) { return index; }
