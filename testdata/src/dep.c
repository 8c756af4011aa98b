/* A library that others need: libone.so.1, libtwo.so.2 and so on, made with -DNAME=one -DVALUE=1. */
#define JOIN(a, b) a##b
#define FUNCTION(name) JOIN(name, _value)

int FUNCTION(NAME)(void)
{
	return VALUE;
}
