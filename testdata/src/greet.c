/* libgreet: what the demo's extension module says. */
__SIZE_TYPE__ strlen(const char *);

const char *greet(void)
{
	return "hello from libgreet";
}

int greet_length(void)
{
	return (int)strlen(greet());
}
