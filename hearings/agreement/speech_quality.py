"""Quality of speech as a number (MOS), estimated from delay, loss and jitter by the E-model (ITU-T G.107). Pure.

R = Ro − Is − Id − Ie,eff + A, with all that is not measured at G.107's defaults (A = 0):

- Ro − Is = 93.2: the rating of a line without delay and loss (G.107, clause 7.7);
- Id = 0.024 d + 0.11 (d − 177.3) for d > 177.3 ms, else 0.024 d: the approximation of G.107's delay impairment, without
  echo, by R. G. Cole and J. H. Rosenbluth, "Voice over IP Performance Monitoring", ACM SIGCOMM CCR 31(2), 2001; d is
  the delay one way from mouth to ear;
- Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl / BurstR + Bpl): G.107, equation 7-29, with Ie = 0, BurstR = 1 (random loss) and
  Bpl = 25.1, the values of G.113 appendix I for G.711 with packet loss concealment. It has none for Opus, which
  conceals loss at least as well: the figure is a cautious one.

MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7·10⁻⁶ for 0 < R < 100: G.107 annex B. An estimate for planning: nobody has
listened, and the scale is that of telephone speech (at most 4.5).
"""

CODEC_MS = 26.5
"""Delay of Opus: a frame of 20 ms, 6.5 ms of looking ahead (RFC 6716 section 2.1.4 and 4.3)."""
JITTERS = 2
"""How many times the jitter a receiver holds sound back: a jitter buffer in balance."""
BASE_R, BPL = 93.2, 25.1


def rating(*, rtt_ms: float, loss_percent: float, jitter_ms: float) -> float:
    """The rating R, 0 to 93.2. `rtt_ms`: round trip between the two ends; `loss_percent`: of packets; all from 0 on."""
    one_way = rtt_ms / 2 + JITTERS * jitter_ms + CODEC_MS
    delay = 0.024 * one_way + 0.11 * max(0.0, one_way - 177.3)
    loss = 95 * loss_percent / (loss_percent + BPL)
    return max(0.0, BASE_R - delay - loss)


def mos(*, rtt_ms: float, loss_percent: float, jitter_ms: float) -> float:
    """Mean opinion score, 1 (bad) to 4.5, to two digits."""
    r = rating(rtt_ms=rtt_ms, loss_percent=loss_percent, jitter_ms=jitter_ms)
    return round(max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6), 2)
