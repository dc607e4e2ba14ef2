"""The functions of a C++ file are found, with their names and lengths, whatever stands around them."""

import unittest

import cpp


class Functions(unittest.TestCase):
    def assert_functions(self, text, *expected):
        self.assertEqual([(function.name, function.length) for function in cpp.functions(text)], list(expected))

    def test_plain(self):
        self.assert_functions("namespace a {\nint f(int a,\n      int b) {\n  if (a) {\n  }\n}\n}\n", ("f", 5))

    def test_template_requires_and_trailing_return(self):
        text = "template <class T>\n  requires std::is_same_v<T, int>\nauto f(T t) -> T {\n}\n"
        self.assert_functions(text, ("f", 4))
        self.assert_functions("void f(auto a) requires C<decltype(a)> {\n}\n", ("f", 2))

    def test_constructor_with_initialisers(self):
        text = "struct A {\nA() : a_{1}, b_(2), c_{} {\n}\nint a_{1};\n~A() { a(); }\n};\n"
        self.assert_functions(text, ("A", 2), ("A", 1))

    def test_try_body(self):
        text = "A::A() try : a_{f()} {\n} catch (int) {\n}\nint g() { return 1; }\n"
        self.assert_functions(text, ("A", 3), ("g", 1))

    def test_lambda_counts_to_its_function(self):
        self.assert_functions("void f() {\n  auto g = [&](int) {\n  };\n  struct B { void h() {} };\n}\n", ("f", 5))

    def test_lambda_outside_functions(self):
        self.assert_functions("constexpr auto a = [] {\n return 1; }();\nint b[] = {1, 2};\nA c{[](int) {\n}};\n",
                              ("(lambda)", 2))

    def test_operators(self):
        self.assert_functions("bool operator==(A a, A b) {\n}\nvoid A::operator()(int) const& {\n}\n",
                              ("operator==", 2), ("operator()", 2))

    def test_braces_in_literals_comments_and_macros(self):
        text = "void f() {\n  a('{', \"}\", R\"({{)\", 1'000); // }\n  /* } */\n}\n"
        text += "#define M \\\n  {\nint g() { return 1; }\n"
        self.assert_functions(text, ("f", 4), ("g", 1))

    def test_macro_as_head(self):
        text = "TEST_CASE(\"a { b\") {\n}\nextern \"C\" {\nint f() {\n}\n}\n"
        self.assert_functions(text, ("TEST_CASE", 2), ("f", 2))

    def test_types_and_initialisers_are_no_functions(self):
        text = "enum class E : int { a };\nclass alignas(8) B final : C<int> {};\nstd::function<void()> f{};\n"
        self.assert_functions(text)


if __name__ == "__main__":
    unittest.main()
