/* unit/test_demangle_cxx.c: C++ symbols, read as llvm-cxxfilt shows them but for lambdas and unnamed types, which look
 * as in GNU's c++filt, and for parentheses that nobody needs. */
#include "unit/demangle.h"

static const example names[] = {
    { "_Z3foov", "foo()" },
    { "_ZN1a1b1cEv", "a::b::c()" },
    { "_Z4fullIiEvT_", "void full<int>(int)" },
    { "_ZN2ns1AIiLi3EEC2Ei", "ns::A<int, 3>::A(int)" },
    { "_ZN2ns1AIiLi3EED1Ev", "ns::A<int, 3>::~A()" },
    { "_ZNK2ns1A1gEPKc", "ns::A::g(char const*) const" },
    { "_ZNO1A1gEv", "A::g() &&" },
    { "_ZNVKR1A1gEv", "A::g() const volatile &" },
    { "_ZN1A1BC1IiEET_", "A::B::B<int>(int)" },
    { "_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backEOi",
      "std::__2::vector<int, std::__2::allocator<int> >::push_back(int&&)" },
    { "_ZNSt3__212basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEE6appendEPKcm",
      "std::__2::basic_string<char, std::__2::char_traits<char>, std::__2::allocator<char> >::append(char const*, "
      "unsigned long)" },
    { "_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_",
      "std::remove_reference<int&>::type&& std::move<int&>(int&)" },
    { "_ZNSsC1ERKSs",
      "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string(std::string const&)" },
    { "_ZNSs6appendERKSs", "std::string::append(std::string const&)" },
    { "_ZNSaIcEC1Ev", "std::allocator<char>::allocator()" },
    { "_ZNSolsEPFRSoS_E", "std::ostream::operator<<(std::ostream& (*)(std::ostream&))" },
    { "_ZN12_GLOBAL__N_14anonEi", "(anonymous namespace)::anon(int)" },
    { "_ZL4stati", "stat(int)" },
    { "_ZN9_ABI_nameB5cxx11Ev", "_ABI_name[abi:cxx11]()" },
    { "_Z1fB3tagi", "f[abi:tag](int)" },
    { "_ZN1S1xE", "S::x" },
    { "_ZGVZ3foovE1x", "guard variable for foo()::x" },
    { "_ZTV1A", "vtable for A" },
    { "_ZTI1A", "typeinfo for A" },
    { "_ZTS1A", "typeinfo name for A" },
    { "_ZThn8_N1X1wEv", "non-virtual thunk to X::w()" },
    { "_ZTv0_n24_N1X1wEv", "virtual thunk to X::w()" },
    { "_ZTch0_v0_n32_N1X2cvEv", "covariant return thunk to X::cv()" },
    { "_ZZ4mainE3foo", "main::foo" },
    { "_ZZ4mainE3foo_0", "main::foo" },
    { "_ZZ4mainEs", "main::string literal" },
    { "_Z3fooi.llvm.1234", "foo(int) (.llvm.1234)" },
    { "_Z3foov.isra.0", "foo() (.isra.0)" },
};

static const example types[] = {
    { "_Z1fbcahstijlmxynowfdegz",
      "f(bool, char, signed char, unsigned char, short, unsigned short, int, unsigned int, long, unsigned long, long "
      "long, unsigned long long, __int128, unsigned __int128, wchar_t, float, double, long double, __float128, ...)" },
    { "_Z1fPKcPcRKiOdPPv", "f(char const*, char*, int const&, double&&, void**)" },
    { "_Z1fPFivEPFvifEPFPFicElE", "f(int (*)(), void (*)(int, float), int (* (*)(long))(char))" },
    { "_Z1fRA10_iPA2_A3_c", "f(int (&) [10], char (*) [2][3])" },
    { "_Z1fM1AiM1AFviEM1AKFvvE", "f(int A::*, void (A::*)(int), void (A::*)() const)" },
    { "_Z1fPVKiPrc", "f(int const volatile*, char restrict*)" },
    { "_Z1fDnDiDsDu", "f(std::nullptr_t, char32_t, char16_t, char8_t)" },
    { "_Z1fDv4_fDv2_d", "f(float vector[4], double vector[2])" },
    { "_Z1fCf", "f(float complex)" },
    { "_Z1fU3AS1Pi", "f(int* AS1)" },
    { "_Z1fu7__int24", "f(__int24)" },
    { "_Z1fPDoFvvE", "f(void (*)() noexcept)" },
    { "_ZlsRSoRK1A", "operator<<(std::ostream&, A const&)" },
    { "_Z1fN1AIiE1BES1_S0_S_", "f(A<int>::B, A<int>::B, A<int>, A)" },
    { "_Z1fI1AEvT_RKS1_PS2_", "void f<A>(A, A const&, A const*)" },
    { "_Z2fnIJidcEEvDpT_", "void fn<int, double, char>(int, double, char)" },
    { "_Z2fnIJEEvDpT_", "void fn<>()" },
    { "_Z2fnIJiEEvDpOT_", "void fn<int>(int&&)" },
    { "_Z2fnIRiEvOT_", "void fn<int&>(int&)" },
    { "_Z2ttI1AEvT_IiE", "void tt<A>(A<int>)" },
    { "_Z1fIA3_cEvRKT_", "void f<char [3]>(char const (&) [3])" },
    { "_ZN1fIiED0Ev", "f<int>::~f()" },
    { "_Z3zipIJicEJlsEEvDpSt4pairIT_T0_E",
      "void zip<int, char, long, short>(std::pair<int, long>, std::pair<char, short>)" },
    { "_Z1fIJEiEvDpT_PT0_", "void f<int>(int*)" },
    { "_Z1fIiEvDpT_", "void f<int>(int...)" },
};

static const example operators[] = {
    { "_ZN1AplERKS_", "A::operator+(A const&)" },
    { "_ZN1AngEv", "A::operator-()" },
    { "_ZN1AppEv", "A::operator++()" },
    { "_ZN1AppEi", "A::operator++(int)" },
    { "_ZN1AclEi", "A::operator()(int)" },
    { "_ZN1AixEi", "A::operator[](int)" },
    { "_ZN1AptEv", "A::operator->()" },
    { "_ZN1AcmES_", "A::operator,(A)" },
    { "_ZN1AaSERKS_", "A::operator=(A const&)" },
    { "_ZN1AnwEm", "A::operator new(unsigned long)" },
    { "_ZN1AdaEPv", "A::operator delete[](void*)" },
    { "_ZN1AcvPiEv", "A::operator int*()" },
    { "_ZN1AcvT_IdEEv", "A::operator double<double>()" },
    { "_ZlsI1AEvT_S1_", "void operator<< <A>(A, A)" },
    { "_ZltI1AEvT_S1_", "void operator< <A>(A, A)" },
    { "_ZssRK1AS1_", "operator<=>(A const&, A const&)" },
    { "_Zli4_litm", "operator\"\" _lit(unsigned long)" },
};

static const example lambdas[] = {
    { "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const" },
    { "_ZZ4mainENKUlvE0_clEv", "main::{lambda()#2}::operator()() const" },
    { "_ZZ3lamiENKUliT_E_clIdEEDaiS0_",
      "auto lam(int)::{lambda(int, auto)#1}::operator()<double>(int, {lambda(int, auto)#1}) const" },
    { "_ZZ4lam2IiEDaT_ENKUliS0_E_clIdEEDaiS0_",
      "auto auto lam2<int>(int)::{lambda(int, int)#1}::operator()<double>(int, int) const" },
    { "_ZZ3lamiENKUlTyT_E_clIiEEDaS_", "auto lam(int)::{lambda(auto)#1}::operator()<int>(auto) const" },
    { "_ZN3unnUt_clEv", "unn::{unnamed type#1}::operator()()" },
    { "_ZN3$_0clEv", "$_0::operator()()" },
    { "_Z3runIZ4mainEUlvE_EvT_", "void run<main::{lambda()#1}>(main::{lambda()#1})" },
};

static const example arguments[] = {
    { "_Z1fILi5EEvv", "void f<5>()" },
    { "_Z1fILin5EEvv", "void f<-5>()" },
    { "_Z1fILj5ELm6ELx7ELy8ELl9EEvv", "void f<5u, 6ul, 7ll, 8ull, 9l>()" },
    { "_Z1fILb1ELb0EEvv", "void f<true, false>()" },
    { "_Z1fILc97EEvv", "void f<(char)97>()" },
    { "_Z1fILN1A1EE2EEvv", "void f<(A::E)2>()" },
    { "_Z1fILd3ff8000000000000EEvv", "void f<0x1.8p+0>()" },
    { "_Z1fILfc0100000EEvv", "void f<-0x1.2p+1f>()" },
    { "_Z1fILDn0EEvv", "void f<nullptr>()" },
    { "_Z1fIXadL_Z1gvEEEvv", "void f<&g()>()" },
    { "_Z1fIXadL_ZN1A1mEEEEvv", "void f<&A::m>()" },
    { "_Z1fIiEDTplfp_Li1EET_", "decltype(fp + 1) f<int>(int)" },
    { "_Z1fIiEDTclL_Z1gvEcvT_Li1EEES0_", "decltype(g()((int)(1))) f<int>(int)" },
    { "_Z1fIiE1BIXgtstT_Li4EEES0_", "B<(sizeof(int) > 4)> f<int>(B)" },
    { "_Z1fIiE1BIXaantLb1EltLi1ELi2EEEv", "B<(!true) && (1 < 2)> f<int>()" },
    { "_Z1fIiEDTdtfp_1xET_", "decltype(fp.x) f<int>(int)" },
    { "_Z1fIiEDTptfp_1xET_", "decltype(fp->x) f<int>(int)" },
    { "_Z1fIiE1BIXquT_Li1ELi2EEEv", "B<int ? 1 : 2> f<int>()" },
    { "_Z1fIiENSt9enable_ifIXsr3stdE9is_same_vIT_iEEvE4typeES1_",
      "std::enable_if<std::is_same_v<int, int>, void>::type f<int>(int)" },
    { "_Z1fIiE1BIXsrT_5valueEEv", "B<int::value> f<int>()" },
    { "_Z1fIJiiEEDTfraafp_EDpT_", "decltype((fp && ...)) f<int, int>(int, int)" },
    { "_Z1fIJiiEE1BIXsZT_EEv", "B<sizeof...(int, int)> f<int, int>()" },
    { "_Z1fIiEDTtlT_EEv", "decltype(int{}) f<int>()" },
    { "_Z1fIiEDTscT_Li1EEv", "decltype(static_cast<int>(1)) f<int>()" },
    { "_Z1fIiEDTixfp_Li1EET_", "decltype(fp[1]) f<int>(int)" },
    { "_Z1fIiE1BIXnxpp_fp_EET_", "B<noexcept(++fp)> f<int>(int)" },
};

static const char *const others[] = {
    "_Z",
    "_Z3fo",
    "_Z3foo3",
    "_Z3fooQ",
    "_Z1fT_",      /* no template */
    "_Z1fS_",      /* no substitution */
    "_Z1fIiEvT0_", /* one argument */
    "_Z1fI",
    "_Z1fIiEvPT_E",
    "_ZC1v", /* of no class */
    "_ZN1AC1",
    "_ZN1AcvT_Ev", /* no arguments follow */
    "_Z1fLi5E",
    "_Z1fILi",
    "_Z1fILd3ffEEvv",
    "_Z1f99999999999999999999999x",
    "_ZNW1a1b1fEv", /* modules */
    "_Z1fIiQ1CIT_EEvv",
    "__Z3foov",
    "Z3foov",
    "_Z3foov ",
    "_Z3foo\xc3\xb6v",
};

static void names_show_scopes_constructors_and_what_is_special(void **state)
{
    (void)state;
    CHECK(names);
}

static void types_are_shown_as_declarations(void **state)
{
    (void)state;
    CHECK(types);
}

static void operators_are_shown_as_they_are_declared(void **state)
{
    (void)state;
    CHECK(operators);
}

static void lambdas_and_unnamed_types_are_counted(void **state)
{
    (void)state;
    CHECK(lambdas);
}

static void arguments_show_literals_and_expressions(void **state)
{
    (void)state;
    CHECK(arguments);
}

static void what_is_no_symbol_or_not_understood_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_string_equal(demangle(others[i], strlen(others[i]), CW_DEMANGLE_ROOM), "");
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    char symbol[1024] = "_Z1f";
    memset(symbol + 4, 'P', 60);
    symbol[64] = 'i';
    assert_int_equal(strlen(demangle(symbol, 65, CW_DEMANGLE_ROOM)), strlen("f(int)") + 60);
    static const char deep[] = "PKFNZXLJ";
    for (size_t i = 0; deep[i]; i++) {
        memset(symbol + 4, deep[i], 900);
        symbol[904] = 'i';
        assert_string_equal(demangle(symbol, 905, CW_DEMANGLE_ROOM), "");
    }
}

/* Each of 40 types names the one before twice. */
static void bombs_of_substitutions_are_refused(void **state)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (void)state;
    char symbol[1024] = "_Z1f1a";
    for (unsigned i = 0; i < 30; i++)
        snprintf(symbol + strlen(symbol), 16, "FS%.1s_S%.1s_E", i ? digits + i - 1 : "", i ? digits + i - 1 : "");
    assert_string_equal(demangle(symbol, strlen(symbol), CW_DEMANGLE_ROOM), "");
}

/* The same where nothing is printed: every expansion ends with an empty pack. */
static void bombs_that_print_nothing_end(void **state)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (void)state;
    char symbol[2048] = "_Z1fIJEEvDpT_";
    for (unsigned i = 1; i < 30; i++)
        snprintf(symbol + strlen(symbol), 24, "DpFS%.1s_S%.1s_E", digits + 2 * (i / 2), digits + 2 * (i / 2));
    demangle(symbol, strlen(symbol), CW_DEMANGLE_ROOM);
}

static void damaged_symbols_do_no_harm(void **state)
{
    (void)state;
    size_t n_shown = 0;
    n_shown += mutate(names, sizeof names / sizeof *names, 6000);
    n_shown += mutate(types, sizeof types / sizeof *types, 6000);
    n_shown += mutate(operators, sizeof operators / sizeof *operators, 6000);
    n_shown += mutate(lambdas, sizeof lambdas / sizeof *lambdas, 6000);
    n_shown += mutate(arguments, sizeof arguments / sizeof *arguments, 6000);
    assert_true(n_shown > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_show_scopes_constructors_and_what_is_special),
        cmocka_unit_test(types_are_shown_as_declarations),
        cmocka_unit_test(operators_are_shown_as_they_are_declared),
        cmocka_unit_test(lambdas_and_unnamed_types_are_counted),
        cmocka_unit_test(arguments_show_literals_and_expressions),
        cmocka_unit_test(what_is_no_symbol_or_not_understood_is_left_alone),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(bombs_of_substitutions_are_refused),
        cmocka_unit_test(bombs_that_print_nothing_end),
        cmocka_unit_test(damaged_symbols_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
