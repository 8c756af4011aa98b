/* The few declarations of CPython's stable ABI that the extension modules here use, so that no
 * Python is needed to build them. */
typedef struct _object PyObject;
typedef long Py_ssize_t;

typedef struct {
	const char *name;
	PyObject *(*call)(PyObject *, PyObject *);
	int flags;
	const char *doc;
} PyMethodDef;

typedef struct {
	Py_ssize_t references;
	void *type;
	PyObject *(*init)(void);
	Py_ssize_t index;
	PyObject *copy;
	const char *name;
	const char *doc;
	Py_ssize_t size;
	PyMethodDef *methods;
	void *slots, *traverse, *clear, *free;
} PyModuleDef;

#define METH_NOARGS 4
#define PYTHON_ABI_VERSION 3

PyObject *PyModule_Create2(PyModuleDef *, int);
PyObject *PyLong_FromLong(long);
PyObject *PyUnicode_FromString(const char *);
