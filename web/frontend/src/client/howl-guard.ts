// Cuts howling where sound is played, by an ear on the sound's own thread (limiter/main.ts). Its outputs are added to
// parameters of the browser's own nodes, whose resting value changes nothing: if the ear should fail, sound goes on.

/** How sharp the filters are: they take away a tenth of an octave, of which a voice misses nothing. */
const SHARP = 8;

/** A part of the sound graph that cuts howling. */
export interface Guard {
  /** Where the guarded sound comes out. */
  readonly out: AudioNode;
  /** Takes it out of the graph. */
  end(): void;
}

function ear(context: BaseAudioContext, heard: AudioNode): { node: AudioWorkletNode; end(): void } {
  const shape: AudioWorkletNodeOptions = { numberOfOutputs: 2, outputChannelCount: [1, 1], channelCount: 1, channelCountMode: "explicit" };
  const node = new AudioWorkletNode(context, "howl", shape);
  heard.connect(node);
  const end = (): void => {
    heard.disconnect(node);
    node.disconnect();
    node.port.postMessage("end");
  };
  return { node, end };
}

/** A line whose howling tone is cut out by two filters, one after the other. At 0 Hz a notch lets everything through. */
export function cutHowling(context: BaseAudioContext, line: AudioNode): Guard {
  const listening = ear(context, line);
  const notches = [0, 1].map(() => new BiquadFilterNode(context, { type: "notch", frequency: 0, Q: SHARP }));
  const [first, out] = notches as [BiquadFilterNode, BiquadFilterNode];
  for (const notch of notches) {
    notch.frequency.automationRate = "k-rate";
    listening.node.connect(notch.frequency, 0);
  }
  line.connect(first).connect(out);
  return {
    out,
    end: () => {
      listening.end();
      first.disconnect();
      out.disconnect();
    },
  };
}

/** A loudspeaker that is 20 dB quieter while the microphone beside it howls, and two seconds more. What the microphone
 * sends is not touched: it is recorded. */
export function quietenSpeaker(context: BaseAudioContext, microphone: AudioNode, speaker: GainNode): Guard {
  const listening = ear(context, microphone);
  listening.node.connect(speaker.gain, 1);
  return { out: speaker, end: listening.end };
}
