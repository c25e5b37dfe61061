/**
 * Does `work` with a signal that is aborted with `parent`, and after `timeoutMs` while the work goes on. Nothing is left
 * behind when it ends, where the timers and the derived signals of `AbortSignal.timeout` and `any` live on for the whole
 * time.
 */
export async function withTimeLimit<T>(
  parent: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onParentAbort = () => controller.abort(parent.reason)
  const onTimeout = () => controller.abort(new DOMException('The time is up.', 'TimeoutError'))
  const timer = setTimeout(onTimeout, timeoutMs).unref()
  parent.addEventListener('abort', onParentAbort, { once: true })
  if (parent.aborted) onParentAbort()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    parent.removeEventListener('abort', onParentAbort)
  }
}
