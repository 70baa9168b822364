"""A real worker process and whole pages: who is heard and seen, measured at the worker and at the pages' sockets."""

import asyncio
import os
import re
import signal
import time
from typing import Any

import pytest

from media.live.forwarding import KEY_INTERVAL

AUDIO = [str(number) for number in range(2, 10)]
VIDEO = [str(number) for number in range(10, 18)]


async def settled(court: Any, until: Any, page: Any, origin: str) -> None:
    """The worker has taken the plan, and what it sent before has come: so have pictures it sent long after."""
    await court.counts()
    seen = page.heard_from(origin, sound=False)
    await until(lambda: page.heard_from(origin, sound=False) > seen + 20)


async def test_sound_and_picture_reach_the_other_page(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge")
    witness = await court.page("witness")
    await until(lambda: judge.heard_from("witness", sound=True) > 50 and judge.heard_from("witness", sound=False) > 20)
    await until(lambda: witness.heard_from("judge", sound=True) > 50 and witness.heard_from("judge", sound=False) > 20)
    assert judge.origins(*AUDIO, *VIDEO) == {"witness"}
    assert judge.other_sources == 0
    slots = {(view.participant, view.kind, view.gain) for view in court.slots["judge"].slots}
    assert slots == {("witness", "floor", 100), ("witness", "camera", 100)}
    # The first picture is a whole key frame, and numbering and time go on without a hole.
    video = [data for data in judge.packets["10"] if int.from_bytes(data[8:12], "big") in judge.mid_of]
    seqs = [int.from_bytes(data[2:4], "big") for data in video]
    assert seqs == [(seqs[0] + step) & 0xFFFF for step in range(len(seqs))]
    # Sound and picture of one person share a name, so that lips keep in step.
    names = {block.split("a=msid:")[1].split(" ")[0] for block in judge.answer.split("\r\nm=") if "a=msid:" in block}
    assert names == {f"slot{number}" for number in range(8)}
    await until(lambda: len(judge.reports) >= 2 and witness.receiver_reports > 0 and witness.transport_feedback > 2)
    assert {report.ssrc for report in judge.reports} <= set(judge.mid_of)


async def test_the_worker_says_its_own_certificate_and_the_one_each_page_came_with(court: Any, until: Any) -> None:
    from media.messages import PeerStatus

    court.seat("judge")
    court.plan()
    judge = await court.page("judge")
    await until(lambda: any(isinstance(e, PeerStatus) and e.status == "connected" for e in court.events))
    seen = [e.certificate for e in court.events if isinstance(e, PeerStatus) and e.status == "connected"]
    sent = next(
        fingerprint.value
        for fingerprint in judge.dtls.getLocalParameters().fingerprints
        if fingerprint.algorithm == "sha-256"
    )
    assert seen == [sent.replace(":", "").lower()]
    told = re.search(r"a=fingerprint:sha-256 (\S+)", judge.answer)
    assert told is not None
    assert court.process.attached.certificate == told[1].replace(":", "").lower()


async def test_the_lobby_is_connected_and_neither_heard_nor_hears(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("clerk")
    court.seat("witness", present=False)
    court.plan()
    judge, clerk, witness = [await court.page(name) for name in ("judge", "clerk", "witness")]
    await until(lambda: clerk.heard_from("judge", sound=True) > 20 and clerk.heard_from("judge", sound=False) > 20)
    await settled(court, until, clerk, "judge")
    assert sum(witness.by_socket.values()) == 0
    assert judge.origins(*AUDIO, *VIDEO) == {"clerk"}
    assert not [key for key in await court.counts() if "witness" in (key[0], key[3])]
    court.seat("witness", present=True)
    court.plan()
    await until(lambda: witness.heard_from("judge", sound=True) > 20 and judge.heard_from("witness", sound=False) > 20)
    court.seat("witness", present=False)
    court.plan()
    await settled(court, until, judge, "clerk")
    before = sum(witness.by_socket.values())
    assert not [key for key in await court.grown() if "witness" in (key[0], key[3])]
    await settled(court, until, judge, "clerk")
    assert sum(witness.by_socket.values()) == before


async def test_mute_stops_the_voice_at_the_server(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, _ = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    court.seat("witness", microphone=False)
    court.plan()
    await settled(court, until, judge, "witness")
    before = judge.by_socket[judge.ssrc_of["2"]]
    grown = await court.grown(("witness", "camera", "", "judge"))
    assert ("witness", "floor", "", "judge") not in grown
    await settled(court, until, judge, "witness")
    assert judge.by_socket[judge.ssrc_of["2"]] == before
    court.seat("witness", microphone=True, camera=False)
    court.plan()
    grown = await court.grown(("witness", "floor", "", "judge"))
    assert ("witness", "camera", "", "judge") not in grown


async def test_a_hold_silences_everybody_and_pictures_go_on(court: Any, until: Any) -> None:
    names = ("judge", "witness", "interpreter")
    court.seat("judge", speaks="en", hears="en")
    court.seat("witness", speaks="th", hears="th")
    court.seat("interpreter", interpreter=True, renders="en")
    court.plan()
    pages = [await court.page(name) for name in names]
    await until(lambda: pages[0].heard_from("interpreter", sound=True) > 20)
    court.floor_open = False
    court.plan()
    pairs = [(page, origin) for page in pages for origin in names if origin != page.seat]
    await asyncio.gather(*(settled(court, until, page, origin) for page, origin in pairs))
    sounds = [sum(page.by_socket[page.ssrc_of[mid]] for mid in AUDIO) for page in pages]
    pictures = {(origin, "camera", "", page.seat) for page, origin in pairs}
    assert len(pictures) == 6
    assert await court.grown(*pictures) == pictures
    await asyncio.gather(*(settled(court, until, page, origin) for page, origin in pairs))
    assert sounds == [sum(page.by_socket[page.ssrc_of[mid]] for mid in AUDIO) for page in pages]
    court.floor_open = True
    court.plan()
    opened = ("judge", "floor", "", "witness")
    assert opened in await court.grown(opened)


async def test_a_channel_reaches_only_its_own_listeners(court: Any, until: Any) -> None:
    court.seat("judge", speaks="en", hears="en")
    court.seat("witness", speaks="th", hears="th")
    court.seat("clerk", speaks="en", hears="")
    court.seat("interpreter", speaks="en", interpreter=True, renders="en")
    court.plan()
    pages = {name: await court.page(name) for name in ("judge", "witness", "clerk", "interpreter")}
    await until(lambda: pages["judge"].heard_from("interpreter", sound=True) > 20)
    await until(lambda: pages["interpreter"].heard_from("witness", sound=True) > 20)
    gains = {(view.participant, view.kind): view.gain for view in court.slots["judge"].slots}
    assert gains["interpreter", "channel"] == 100
    assert gains["witness", "floor"] == 15
    assert gains["clerk", "floor"] == 100
    assert pages["witness"].heard_from("interpreter", sound=True) == 0
    assert pages["clerk"].heard_from("interpreter", sound=True) == 0
    assert pages["interpreter"].heard_from("interpreter", sound=True) == 0
    counted = {key for key in await court.counts() if key[1] == "channel"}
    assert counted == {("interpreter", "channel", "en", "judge")}
    # The same from what came to the sockets: packets on the slots that name her for sound.
    for name in ("witness", "clerk"):
        views = court.slots[name].slots
        assert not [view for view in views if view.participant == "interpreter" and view.kind != "camera"]


async def test_a_listener_changes_language_without_a_new_offer(court: Any, until: Any) -> None:
    court.seat("judge", speaks="en", hears="en")
    court.seat("witness", speaks="th", hears="th")
    court.seat("interpreter", interpreter=True, renders="en")
    court.plan()
    judge, _, _ = [await court.page(name) for name in ("judge", "witness", "interpreter")]
    await until(lambda: judge.heard_from("interpreter", sound=True) > 20)
    answer = judge.answer
    court.seat("judge", hears="")
    court.plan()
    await until(lambda: all(view.kind != "channel" for view in court.slots["judge"].slots))
    await settled(court, until, judge, "interpreter")
    heard = judge.heard_from("interpreter", sound=True)
    await settled(court, until, judge, "interpreter")
    assert judge.heard_from("interpreter", sound=True) == heard
    court.seat("judge", hears="en")
    court.plan()
    await until(lambda: judge.heard_from("interpreter", sound=True) > heard + 20)
    assert judge.answer == answer


async def test_an_interpreter_changes_direction_within_a_word(court: Any, until: Any) -> None:
    court.seat("judge", speaks="en", hears="en")
    court.seat("witness", speaks="th", hears="th")
    court.seat("interpreter", interpreter=True, renders="en")
    court.plan()
    judge, witness, _ = [await court.page(name) for name in ("judge", "witness", "interpreter")]
    await until(lambda: judge.heard_from("interpreter", sound=True) > 20)
    court.seat("interpreter", renders="th")
    court.plan()
    await until(lambda: witness.heard_from("interpreter", sound=True) > 20)
    grown = await court.grown(("interpreter", "channel", "th", "witness"))
    assert not [key for key in grown if key[0] == "interpreter" and key[3] == "judge" and key[1] != "camera"]


async def test_a_new_offer_of_a_seat_replaces_the_old_connection(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge")
    old = await court.page("witness")
    await until(lambda: judge.heard_from("witness", sound=False) > 10)
    new = await court.page("witness")
    await until(lambda: new.heard_from("judge", sound=True) > 20 and new.heard_from("judge", sound=False) > 10)
    came = sum(old.by_socket.values())
    heard = judge.heard_from("witness", sound=False)
    await old.cease()
    await until(lambda: judge.heard_from("witness", sound=False) > heard + 20)
    assert sum(old.by_socket.values()) == came
    lost = [event for event in court.events if type(event).__name__ == "PeerStatus" and event.status == "lost"]
    assert lost == []
    await old.close()


async def test_a_dropped_peer_is_gone_at_once(court: Any, until: Any) -> None:
    from media.messages import DropPeer, PeerStatus

    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: witness.heard_from("judge", sound=True) > 20)
    court.process.send(DropPeer(seat="witness"))
    await until(
        lambda: any(isinstance(e, PeerStatus) and (e.seat, e.status) == ("witness", "lost") for e in court.events)
    )
    came, heard = sum(witness.by_socket.values()), judge.heard_from("witness", sound=True)
    await asyncio.sleep(0.5)
    assert sum(witness.by_socket.values()) == came
    assert judge.heard_from("witness", sound=True) - heard <= 2


async def test_a_page_that_falls_silent_is_quiet_within_seconds_and_comes_back(court: Any, until: Any) -> None:
    from media.messages import PeerStatus, Sending

    court.seat("judge")
    court.plan()
    judge = await court.page("judge")
    await until(lambda: any(isinstance(e, Sending) and e.audio and e.video for e in court.events))
    await judge.cease()
    judge.fall_silent()
    ceased = time.time_ns()
    await until(lambda: any(isinstance(e, Sending) and not e.audio and not e.video for e in court.events))
    await until(lambda: any(isinstance(e, PeerStatus) and e.status == "quiet" for e in court.events))
    silent = next(e.at for e in court.events if isinstance(e, PeerStatus) and e.status == "quiet")
    assert 4.5 < (silent - ceased) / 1e9 < 7.0
    judge.deaf = False
    judge.send()
    await until(lambda: [e.status for e in court.events if isinstance(e, PeerStatus)][-1] == "connected")


async def test_losses_on_the_way_up_are_mended_before_they_reach_anybody(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge", send=False)
    witness = await court.page("witness", send=False)
    witness.loss = 0.03
    witness.send()
    await until(lambda: witness.lost_packets >= 12 and judge.heard_from("witness", sound=False) > 150, 40)
    await witness.cease()
    witness.loss = 0.0
    await asyncio.sleep(1)
    seqs = {int.from_bytes(data[2:4], "big") for data in judge.packets["10"]}
    first = min(seqs, key=lambda seq: (seq - int.from_bytes(judge.packets["10"][0][2:4], "big")) & 0xFFFF)
    span = max((seq - first) & 0xFFFF for seq in seqs) + 1
    assert len(seqs) >= span - 1
    assert witness.nacks > 0


async def test_losses_on_the_way_down_are_answered_from_the_ring(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await court.page("judge", send=False)
    await court.page("witness")
    judge.ask_again = True
    judge.drop_received = 0.03
    await until(lambda: judge.recovered >= 5 and judge.heard_from("witness", sound=False) > 60, 40)
    assert judge.recovered >= 5


async def test_requests_for_key_frames_are_throttled(court: Any, until: Any) -> None:
    from aiortc.rtp import RtcpPsfbPacket

    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, witness = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=False) > 10)
    before = witness.key_requests
    flood = bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=judge.ssrc_of["10"]))
    begun = time.monotonic()
    while witness.key_requests - before < 3:  # not one flood, one request: it goes on being answered
        for _ in range(50):
            await judge.send_rtcp(flood)
        await asyncio.sleep(0.05)
    asked, took = witness.key_requests - before, time.monotonic() - begun
    assert asked <= 2 + took / KEY_INTERVAL


async def test_a_flood_of_nacks_costs_a_bounded_number_of_packets(court: Any, until: Any) -> None:
    from aiortc.rtp import RtcpRtpfbPacket

    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, _ = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: len(judge.packets["10"]) > 100)
    seqs = [int.from_bytes(data[2:4], "big") for data in judge.packets["10"][-100:]]
    flood = bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=judge.ssrc_of["10"], lost=sorted(seqs)))
    for _ in range(500):
        await judge.send_rtcp(flood)
    await until(lambda: judge.recovered > 0)
    await settled(court, until, judge, "witness")
    assert judge.recovered <= 900


@pytest.mark.parametrize("number", [9, 10])
async def test_more_people_than_slots_get_what_there_is(court: Any, until: Any, number: int) -> None:
    for place in range(number):
        court.seat(f"person{place}")
    court.plan()
    listener = await court.page("person0", send=False)
    await until(lambda: "person0" in court.slots)
    views = court.slots["person0"].slots
    assert len([view for view in views if view.kind == "camera"]) == min(8, number - 1)
    assert len({view.mid for view in views}) == len(views)
    by_person = {view.participant: [v.mid for v in views if v.participant == view.participant] for view in views}
    assert all(int(mids[0]) + 8 == int(mids[1]) for mids in by_person.values())
    assert listener.other_sources == 0


async def test_web_goes_away_and_media_goes_on(court: Any, until: Any) -> None:
    from media.messages import WORKER_TO_WEB, PeerStatus, SeatSlots
    from media.processes import Process

    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge, _ = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    await court.process.detach()
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 50)
    court.seat("witness", microphone=False)
    events: list[Any] = []
    argv = court.process._argv
    court.process = await Process.start_or_adopt(
        "worker", argv, court.folder, "worker.sock", WORKER_TO_WEB, events.append
    )
    assert court.process.adopted
    assert sorted(court.process.attached.connected) == ["judge", "witness"]
    assert await court.process.caught_up(20)
    assert {e.seat for e in events if isinstance(e, SeatSlots)} == {"judge", "witness"}
    assert {e.seat for e in events if isinstance(e, PeerStatus)} == {"judge", "witness"}
    court.version = 0
    court.plan()
    grown = await court.grown(("judge", "floor", "", "witness"))
    assert ("witness", "floor", "", "judge") not in grown


async def test_an_event_nobody_heard_is_told_to_the_next(court: Any, until: Any) -> None:
    from media.messages import WORKER_TO_WEB, PeerStatus
    from media.processes import Process

    court.seat("judge")
    court.plan()
    judge = await court.page("judge")
    await until(lambda: any(isinstance(e, PeerStatus) for e in court.events))
    seen = court.events[-1].seq
    await court.process.detach()
    await judge.close()
    await asyncio.sleep(1)
    events: list[Any] = []
    court.process = await Process.start_or_adopt(
        "worker", court.process._argv, court.folder, "worker.sock", WORKER_TO_WEB, events.append
    )
    assert await court.process.caught_up(20)
    await until(lambda: any(isinstance(e, PeerStatus) and e.status == "lost" for e in events))
    assert [e.seq for e in events] == sorted({e.seq for e in events})
    assert events[0].seq == seen + 1
    # And what has been heard is not told again: an old failure would close the floor once more.
    seen = events[-1].seq
    await court.process.detach()
    events.clear()
    court.process = await Process.start_or_adopt(
        "worker", court.process._argv, court.folder, "worker.sock", WORKER_TO_WEB, events.append
    )
    assert await court.process.caught_up(20)
    assert [e for e in events if e.seq <= seen] == []


async def test_events_of_a_process_that_is_gone_do_not_count_for_the_next(court: Any, until: Any) -> None:
    court.seat("judge")
    court.plan()
    await court.page("judge")
    await until(lambda: len(court.events) > 2)
    bookmark = court.folder / "worker.seen"
    assert int(bookmark.read_text()) == court.events[-1].seq
    assert bookmark.stat().st_mode & 0o777 == 0o600
    pid = court.process.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: court.process.pid not in (0, pid))
    assert not bookmark.exists()
    await court.process.stop()
    assert not bookmark.exists()
