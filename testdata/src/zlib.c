/* Stands for zlib: one name of its interface and one that is its own business. */
const char *zlibVersion(void)
{
	return "1.3.1";
}

int inflate_table(void)
{
	return 0;
}
