/*
 * A library with the C++ runtime inside: its constructors, its exceptions, its thread-local
 * objects. Throws and catches by itself, so its unwind tables have to be found.
 */
extern "C" {
int one_value(void);
int two_value(void);
int three_value(void);
int entry(void);
int tls_next(void);
int call_through(int (*callback)(void));
}

namespace {

struct Failure {
	virtual ~Failure() {}
	virtual int code() const { return 1; }
};

struct Particular : Failure {
	int value;
	explicit Particular(int value) : value(value) {}
	int code() const override { return value; }
};

struct Counter {
	int value;
	Counter() : value(one_value() + 40) {}
	~Counter() {}
};

Counter constructed;
thread_local Counter counter;

struct Count {
	int &target;
	explicit Count(int &target) : target(target) {}
	~Count() { target++; }
};

__attribute__((noinline)) int fail(int sum, int &unwound)
{
	Count count(unwound);
	if (sum == 6)
		throw Particular(constructed.value);
	return 0;
}

} // namespace

int entry(void)
{
	int unwound = 0;

	try {
		return fail(one_value() + two_value() + three_value(), unwound);
	} catch (const Failure &failure) {
		return failure.code() + unwound;
	}
}

int tls_next(void)
{
	return ++counter.value;
}

int call_through(int (*callback)(void))
{
	return callback() + 1;
}
