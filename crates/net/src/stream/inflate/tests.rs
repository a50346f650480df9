//! Streams cut in every way, broken, ended and of unreasonable size.

use std::collections::VecDeque;
use std::future::poll_fn;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output};
use proptest::prelude::*;

use super::*;

/// Gives one piece per read.
struct Pieces(VecDeque<Vec<u8>>);

impl Pieces {
    fn of(octets: &[u8], size: usize) -> Self {
        Self(octets.chunks(size.max(1)).map(<[u8]>::to_vec).collect())
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(piece) = self.0.pop_front() {
            let fitting = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece[..fitting]);
            if fitting < piece.len() {
                self.0.push_front(piece[fitting..].to_vec());
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// One stream, flushed behind each text.
fn compressed(texts: &[&[u8]], last: TDEFLFlush) -> Vec<u8> {
    let mut compressor =
        CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::DefaultLevel);
    let mut out = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let flush = match index + 1 == texts.len() {
            true => last,
            false => TDEFLFlush::Sync,
        };
        compress_to_output(&mut compressor, text, flush, |octets| {
            out.extend_from_slice(octets);
            true
        });
    }
    out
}

/// One read with room for `room` octets.
fn read(inflater: &mut Inflater, pieces: &mut Pieces, room: usize) -> io::Result<Vec<u8>> {
    let mut space = vec![0; room];
    let mut buffer = ReadBuf::new(&mut space);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(poll_fn(|cx| inflater.poll_read(pieces, cx, &mut buffer)))?;
    Ok(buffer.filled().to_vec())
}

fn read_all(inflater: &mut Inflater, pieces: &mut Pieces, room: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match read(inflater, pieces, room)? {
            octets if octets.is_empty() => return Ok(all),
            octets => all.extend(octets),
        }
    }
}

fn is_resting(inflater: &Inflater) -> bool {
    matches!(inflater.work, Work::Rests(_)) && inflater.input.capacity() == 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn however_the_stream_is_cut_the_same_comes_out(
        texts in proptest::collection::vec(
            prop_oneof!["[a-c]{0,40}", "(FETCH [0-9]{1,3} ){0,9000}", "\\PC{0,200}"], 1..6),
        size in 1usize..5000,
        room in 1usize..40_000,
    ) {
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let mut pieces = Pieces::of(&compressed(&texts, TDEFLFlush::Sync), size);
        let mut inflater = Inflater::default();
        let came = read_all(&mut inflater, &mut pieces, room).unwrap();
        prop_assert_eq!(came, texts.concat());
        prop_assert!(is_resting(&inflater));
    }

    #[test]
    fn no_input_panics_or_goes_on_for_ever(octets in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut inflater = Inflater::default();
        if let Ok(came) = read_all(&mut inflater, &mut Pieces::of(&octets, 100), 1000) {
            prop_assert!(came.len() <= octets.len() * 1100);
        }
    }
}

#[test]
fn an_idle_stream_keeps_what_its_peer_said_and_no_more_than_32_kb_of_it() {
    let long = vec![b'x'; 100_000];
    for (texts, kept) in [
        (vec![&b"a NOOP\r\n"[..], b"b NOOP\r\n"], 16),
        (vec![&long[..]], WINDOW),
    ] {
        let mut inflater = Inflater::default();
        let mut pieces = Pieces::of(&compressed(&texts, TDEFLFlush::Sync), 1000);
        assert_eq!(
            read_all(&mut inflater, &mut pieces, 4096).unwrap(),
            texts.concat()
        );
        let Work::Rests(history) = &inflater.work else {
            panic!("the peer has flushed");
        };
        assert_eq!(history.capacity(), kept);
    }
}

#[test]
fn a_bomb_is_inflated_no_further_than_it_is_read() {
    let zeros = vec![0; 50_000_000];
    let bomb = compressed(&[&zeros], TDEFLFlush::Sync);
    assert!(bomb.len() < 60_000);
    let mut inflater = Inflater::default();
    let mut pieces = Pieces::of(&bomb, usize::MAX);
    for _ in 0..1000 {
        assert_eq!(read(&mut inflater, &mut pieces, 16).unwrap(), [0; 16]);
        let Work::Runs(running) = &inflater.work else {
            panic!("there is more");
        };
        assert_eq!(running.window.capacity(), WINDOW);
        assert!(inflater.input.capacity() <= READ_OCTETS);
    }
    assert_eq!(
        read_all(&mut inflater, &mut pieces, 100_000).unwrap().len(),
        50_000_000 - 16_000
    );
}

#[test]
fn what_is_no_deflate_is_an_error() {
    let mut inflater = Inflater::default();
    let error = read(&mut inflater, &mut Pieces::of(b"a NOOP\r\n", 100), 100).unwrap_err();
    assert!(error.get_ref().is_some_and(|cause| cause.is::<Broken>()));
}

#[test]
fn a_stream_that_its_peer_ends_is_at_its_end() {
    let mut pieces = Pieces::of(&compressed(&[b"a LOGOUT\r\n"], TDEFLFlush::Finish), 3);
    pieces.0.push_back(b"and more".to_vec());
    let mut inflater = Inflater::default();
    assert_eq!(
        read_all(&mut inflater, &mut pieces, 100).unwrap(),
        b"a LOGOUT\r\n"
    );
}

#[test]
fn behind_the_flush_at_which_the_stream_ends_octets_are_plain() {
    for (last, size) in [
        (TDEFLFlush::Sync, 1),
        (TDEFLFlush::Sync, 100),
        (TDEFLFlush::Finish, 1),
        (TDEFLFlush::Finish, 100),
    ] {
        let mut octets = compressed(&[b"a NOOP\r\n", b"b UNAUTHENTICATE\r\n"], last);
        octets.extend_from_slice(b"c LOGIN tim x\r\n");
        let mut pieces = Pieces::of(&octets, size);
        let mut inflater = Inflater::default();
        let mut came = Vec::new();
        while !came.ends_with(b"UNAUTHENTICATE\r\n") {
            came.extend(read(&mut inflater, &mut pieces, 1000).unwrap());
        }
        inflater.end();
        assert_eq!(
            read_all(&mut inflater, &mut pieces, 1000).unwrap(),
            b"c LOGIN tim x\r\n"
        );
        assert!(inflater.is_over());
    }
}

#[test]
fn nothing_is_compressed_behind_the_end() {
    let octets = compressed(&[b"a UNAUTHENTICATE\r\n", b"b LOGIN tim x\r\n"], TDEFLFlush::Full);
    let mut pieces = Pieces::of(&octets, 1);
    let mut inflater = Inflater::default();
    let mut came = Vec::new();
    while !came.ends_with(b"UNAUTHENTICATE") {
        came.extend(read(&mut inflater, &mut pieces, 1).unwrap());
    }
    inflater.end();
    assert!(read_all(&mut inflater, &mut pieces, 1000).is_err());
}
