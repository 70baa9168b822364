// Keeps the screen on while somebody waits or is heard. The browser drops the lock whenever the page is hidden.
import { signal } from "@preact/signals";

export class WakeLock {
  readonly held = signal(false);
  private lock: WakeLockSentinel | null = null;

  async keep(): Promise<void> {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    if (this.lock && !this.lock.released) return;
    try {
      this.lock = await navigator.wakeLock.request("screen");
      this.held.value = true;
      this.lock.addEventListener("release", () => (this.held.value = false));
    } catch {
      this.held.value = false;
    }
  }

  release(): void {
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }
}
