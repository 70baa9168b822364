// The limiter as a processor of the sound graph; a page without it lets no interpreter hear.
import { Limiter } from "./limiter";

interface Processor {
  readonly port: MessagePort;
}
declare const AudioWorkletProcessor: { new (): Processor };
declare const sampleRate: number;
declare function registerProcessor(name: string, made: new () => Processor): void;

/** Times between two reports of how often it stepped in, in blocks of 128 samples: about a second. */
const EVERY = 375;

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

registerProcessor("limiter", LimiterProcessor);
