/*
 * A program whose own headers get edited. Prints "ok" when it was loaded right.
 * -DDYNAMIC: needs libone.so.1.
 */
#include <link.h>
#include <string.h>
#include <unistd.h>

#ifdef DYNAMIC
int one_value(void);
#else
static int one_value(void) { return 1; }
#endif

static __thread int counter = 5;

/* The first object reported is the program itself, found by the kernel's AT_PHDR. */
static int has_headers(struct dl_phdr_info *info, size_t size, void *unused)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			return info->dlpi_tls_data ? 2 : 1;
	return 1;
}

int main(void)
{
	const char *text = "ok\n";

	counter += one_value();
	if (counter != 6)
		text = "thread-local variable\n";
	else if (dl_iterate_phdr(has_headers, 0) != 2)
		text = "program headers\n";
	write(1, text, strlen(text));
	return text[0] != 'o' || text[1] != 'k';
}
