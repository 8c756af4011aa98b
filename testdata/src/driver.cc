/*
 * Opens each library it is given as a Python would an extension module and uses all of it. One line
 * per library on standard output: its number, then "ok" or what went wrong. Each library has a
 * process of its own, so one that crashes takes no other with it. Exit status 0 if all are "ok".
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*function)(void);

static const char *wanted;
static function tls_next;

/* Whether dl_iterate_phdr reports the library with program headers that make sense. */
static int has_headers(struct dl_phdr_info *info, size_t, void *)
{
	int loads = 0, dynamic = 0;

	if (!info->dlpi_name || strcmp(info->dlpi_name, wanted))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		loads += info->dlpi_phdr[i].p_type == PT_LOAD;
		dynamic += info->dlpi_phdr[i].p_type == PT_DYNAMIC;
	}
	return loads > 0 && dynamic == 1 ? 2 : 1;
}

static void *call_tls(void *result)
{
	*(int *)result = tls_next();
	return 0;
}

extern "C" __attribute__((noinline)) int throw_seven(void)
{
	throw 7;
}

static int use(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		/* Without the library's own path, which differs from run to run. */
		const char *message = dlerror(), *found = strstr(message, path);
		if (found)
			printf("dlopen: %.*s*%s\n", (int)(found - message), message, found + strlen(path));
		else
			printf("dlopen: %s\n", message);
		return 1;
	}
	function entry = (function)dlsym(library, "entry");
	int (*through)(function) = (int (*)(function))dlsym(library, "call_through");
	tls_next = (function)dlsym(library, "tls_next");
	if (!entry || !through || !tls_next) {
		puts("a symbol is missing");
		return 1;
	}
	int result = entry();
	if (result != 42) {
		printf("entry() is %d\n", result);
		return 1;
	}
	int first = tls_next(), second = tls_next(), other = 0;
	pthread_t thread;
	if (pthread_create(&thread, 0, call_tls, &other) || pthread_join(thread, 0)) {
		puts("no thread");
		return 1;
	}
	if (second != first + 1 || other != first) {
		printf("thread-local: %d %d, in another thread %d\n", first, second, other);
		return 1;
	}
	wanted = path;
	int headers = dl_iterate_phdr(has_headers, 0);
	if (headers != 2) {
		puts(headers ? "dl_iterate_phdr reports other program headers" : "dl_iterate_phdr reports nothing");
		return 1;
	}
	try {
		through(throw_seven);
		puts("no exception");
		return 1;
	} catch (int thrown) {
		if (thrown != 7) {
			printf("exception %d\n", thrown);
			return 1;
		}
	}
	puts("ok");
	return 0;
}

/* What every process would do first, done once before they part: emulators translate it once. */
static void warm_up(void)
{
	pthread_t thread;
	int result;

	tls_next = getpid;
	if (!pthread_create(&thread, 0, call_tls, &result))
		pthread_join(thread, 0);
	try {
		throw_seven();
	} catch (int) {
	}
}

int main(int count, char **arguments)
{
	int failed = 0;

	warm_up();

	for (int i = 1; i < count; i++) {
		int status;
		printf("%d ", i);
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			int result = use(arguments[i]);
			fflush(stdout);
			_exit(result);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			return 2;
		if (WIFSIGNALED(status)) {
			printf("signal %d\n", WTERMSIG(status));
			fflush(stdout);
		}
		failed |= status != 0;
	}
	return failed;
}
