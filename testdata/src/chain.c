/* libchain_a (-DNEXT=chain_b_value) needs libchain_b. */
#ifdef NEXT
int NEXT(void);

int chain_a_value(void)
{
	return NEXT() + 1;
}
#else
int chain_b_value(void)
{
	return 40;
}
#endif
