/*
 * The library that every case of the catalogue is linked from. Calling entry() touches all that a
 * damaged file would break: imports, relative relocations, constructors, zeroed memory.
 *
 * -DBSS=N         bytes of zeroed memory, 0 for no .bss
 * -DTLS_FIRST     nothing between the thread-local variables and .dynamic
 * -DFOUR          also needs libfour.so.4, whose symbols have versions
 * -DEXPORTS       6000 more exported names
 * -DPOINTERS      many pointers, with gaps, for a DT_RELR that needs more than one bitmap
 */
#ifndef BSS
#define BSS 4096
#endif

int one_value(void);
int two_value(void);
int three_value(void);
int four_value(void);
int getpid(void);

#ifdef TLS_FIRST
static __thread int bumps;
#else
static __thread int bumps = 40;
#endif
static __thread char scratch[64];

#if BSS
char zeroes[BSS];
#endif

#ifdef TLS_FIRST
#define CONSTRUCTED 0
#define CONST
static int constructed;
#else
#define CONSTRUCTED 7
#define CONST const
static int constructed = 1;

__attribute__((constructor)) static void construct(void)
{
	constructed = CONSTRUCTED;
}
#endif

__attribute__((noinline)) static int ten(void) { return 10; }
__attribute__((noinline)) static int twenty(void) { return 20; }
__attribute__((noinline)) static int thirty(void) { return 30; }

typedef int (*function)(void);

/* Relative relocations in read-only and in writable memory. */
static CONST function volatile constant[] = { ten, twenty, thirty };
static function volatile variable[] = { thirty, ten };

#ifdef POINTERS
struct gap {
	function first;
	int number;
	function second;
};
#define G { ten, 1, twenty }
#define G8 G, G, G, G, G, G, G, G
static struct gap volatile gaps[] = { G8, G8, G8, G8, G8, G8, G8, G8, G8, G8, G8, G8 };
#define P8 ten, ten, ten, ten, ten, ten, ten, ten
static function volatile dense[] = { P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8, P8 };
#endif

/* Returns 42 when everything is in its place, else what is missing of it. */
int entry(void)
{
	int sum = 0;

	if (one_value() != 1 || two_value() != 2 || three_value() != 3)
		return 1;
#ifdef FOUR
	if (four_value() != 4)
		return 2;
#endif
	for (unsigned i = 0; i < sizeof constant / sizeof *constant; i++)
		sum += constant[i]();
	for (unsigned i = 0; i < sizeof variable / sizeof *variable; i++)
		sum += variable[i]();
	if (sum != 100)
		return 3;
#ifdef POINTERS
	for (unsigned i = 0; i < sizeof gaps / sizeof *gaps; i++)
		sum += gaps[i].first() + gaps[i].number + gaps[i].second();
	for (unsigned i = 0; i < sizeof dense / sizeof *dense; i++)
		sum += dense[i]();
	if (sum != 100 + 96 * 31 + 128 * 10)
		return 4;
#endif
	if (constructed != CONSTRUCTED)
		return 5;
#if BSS
	if (zeroes[0] || zeroes[BSS / 2] || zeroes[BSS - 1])
		return 6;
	zeroes[BSS - 1] = 0;
#endif
	if (getpid() <= 0)
		return 7;
	return 42;
}

/* One more on each call, counted per thread. */
int tls_next(void)
{
	scratch[bumps & 63]++;
	return ++bumps;
}

/* A frame for exceptions to pass through. */
int call_through(function callback)
{
	int result = callback();

	scratch[0] = (char)result;
	return result + 1;
}

/* Its name ends like a SONAME of one case, whose linker then stores both as one string. */
int suffix_shared_libdep(void)
{
	return 1;
}

#ifdef EXPORTS
#include "exports.c"
#endif
