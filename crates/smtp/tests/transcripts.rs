//! Plays the transcripts of both sides. In those of the client, `C:` is what the server says (the input of
//! the session under test) and `S:` what our client sends.

#[path = "transcripts/client_script.rs"]
mod client_script;
#[path = "transcripts/server_script.rs"]
mod server_script;

use std::path::Path;

#[test]
fn server_transcripts_come_out_as_written() {
    play(&server_script::ServerScript, "server");
}

#[test]
fn client_transcripts_come_out_as_written() {
    play(&client_script::ClientScript, "client");
}

fn play<P: posthorn_testkit::Scripted>(protocol: &P, folder: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    posthorn_testkit::play_folder(&root.join(folder), protocol);
}
