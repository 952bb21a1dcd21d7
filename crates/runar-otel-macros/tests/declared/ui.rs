//! What compiles, and the messages of what does not.

#[test]
fn messages_are_at_the_users_token() {
    let cases = trybuild::TestCases::new();
    for attribute in ["metrics", "metric", "host", "error_type"] {
        cases.pass(format!("tests/ui/{attribute}/pass/*.rs"));
        cases.compile_fail(format!("tests/ui/{attribute}/fail/*.rs"));
    }
}
