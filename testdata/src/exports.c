/* Six thousand exported names, for a string table and a hash table of some size. */
#define A(n) char export_##n##0, export_##n##1, export_##n##2, export_##n##3, export_##n##4, \
	export_##n##5, export_##n##6, export_##n##7, export_##n##8, export_##n##9;
#define B(n) A(n##0) A(n##1) A(n##2) A(n##3) A(n##4) A(n##5) A(n##6) A(n##7) A(n##8) A(n##9)
#define C(n) B(n##0) B(n##1) B(n##2) B(n##3) B(n##4) B(n##5) B(n##6) B(n##7) B(n##8) B(n##9)
C(0) C(1) C(2) C(3) C(4) C(5)
