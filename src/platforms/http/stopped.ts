/** A cancelled caller must see its own reason; a deadline that is over is the platform's silence, which is told otherwise. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  // By name: the DOMException of another realm is no instance of this one's Error.
  const named = typeof reason === 'object' && reason !== null && 'name' in reason;
  if (!named || reason.name !== 'TimeoutError') signal.throwIfAborted();
}
