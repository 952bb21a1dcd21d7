//! What the attribute says of mistakes, and that other crates and editions can use it.

#[test]
fn metered() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/metered/fail/*.rs");
    cases.pass("tests/ui/metered/pass/*.rs");
}
