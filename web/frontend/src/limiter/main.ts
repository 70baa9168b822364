// What guards ears as processors of the sound graph: the limiter, without which a page lets no interpreter hear, and the
// ear for howling, whose outputs steer the filter of a line or the gain of the loudspeaker (client/howl-guard.ts).
import { HowlEar } from "./howl-ear";
import { Limiter } from "./limiter";

interface Processor {
  readonly port: MessagePort;
}
declare const AudioWorkletProcessor: { new (): Processor };
declare const sampleRate: number;
declare function registerProcessor(name: string, made: new () => Processor): void;

/** Times between two reports of how often it stepped in, in blocks of 128 samples: about a second. */
const EVERY = 375;
const SILENCE = new Float32Array(128);

class LimiterProcessor extends AudioWorkletProcessor {
  private readonly limiter = new Limiter(sampleRate);
  private blocks = 0;

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (!output) return true;
    this.limiter.process(inputs[0]?.[0] ?? new Float32Array(output.length), output);
    this.blocks += 1;
    if (this.blocks % EVERY === 0 && this.limiter.events > 0) {
      this.port.postMessage(this.limiter.events);
      this.limiter.events = 0;
    }
    return true;
  }
}

/** Hears its input. First output: Hz of the howl to be cut, or 0; second: what the gain of a loudspeaker is to lose. */
class HowlProcessor extends AudioWorkletProcessor {
  private readonly ear = new HowlEar(sampleRate);
  private over = false;

  constructor() {
    super();
    this.port.onmessage = () => (this.over = true);
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    this.ear.hear(inputs[0]?.[0] ?? SILENCE);
    outputs[0]?.[0]?.fill(this.ear.howl);
    const quieter = outputs[1]?.[0];
    if (quieter) this.ear.quieten(quieter);
    return !this.over;
  }
}

registerProcessor("limiter", LimiterProcessor);
registerProcessor("howl", HowlProcessor);
