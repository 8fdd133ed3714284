/* The smallest guest: no memory, no imports. */
__attribute__((export_name("add"))) int add(int a, int b)
{
    return (int)((unsigned)a + (unsigned)b);
}
