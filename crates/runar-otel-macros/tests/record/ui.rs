//! What compiles, and the messages of what does not.

#[test]
fn messages_are_at_the_users_token() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/record/pass/*.rs");
    cases.compile_fail("tests/ui/record/fail/*.rs");
}
