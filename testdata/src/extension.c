/*
 * An extension module with one method, value(), made with
 * -DMODULE=name       its name
 * -DCALL=function     the function whose result value() returns; without it, a constant
 * -DTEXT              that function returns text, not a number
 */
#include "python.h"

#define JOIN(a, b) a##b
#define INIT(name) JOIN(PyInit_, name)
#define QUOTE(name) #name
#define STRING(name) QUOTE(name)

#ifdef TEXT
const char *CALL(void);
#elif defined CALL
int CALL(void);
#endif

__SIZE_TYPE__ strlen(const char *);

static PyObject *value(PyObject *module, PyObject *unused)
{
#ifdef TEXT
	const char *text = CALL();
	return strlen(text) ? PyUnicode_FromString(text) : 0;
#elif defined CALL
	return PyLong_FromLong(CALL());
#else
	return PyLong_FromLong((long)strlen(STRING(MODULE)));
#endif
}

static PyMethodDef methods[] = {
	{ "value", value, METH_NOARGS, "What the library behind this module says." },
	{ 0 },
};

static PyModuleDef definition = {
	.references = 1,
	.name = STRING(MODULE),
	.size = -1,
	.methods = methods,
};

__attribute__((visibility("default"))) PyObject *INIT(MODULE)(void)
{
	return PyModule_Create2(&definition, PYTHON_ABI_VERSION);
}
