/**
 * What `work` comes to, or a rejection with `tooLate()` after `timeoutMs`. The signal that `work` is given is aborted then,
 * and with `parent`; work that does not mind it goes on with nobody waiting, and how it ends is passed over.
 *
 * Nothing is left behind when it ends, where the timers and the derived signals of `AbortSignal.timeout` and `any` live on
 * for the whole time.
 */
export function withTimeLimit<T>(
  parent: AbortSignal,
  { timeoutMs, tooLate }: { readonly timeoutMs: number; readonly tooLate: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  return new Promise<T>((resolve, reject) => {
    const onParentAbort = () => controller.abort(parent.reason)
    const onTimeout = () => {
      end()
      controller.abort(new DOMException('The time is up.', 'TimeoutError'))
      reject(tooLate())
    }
    const timer = setTimeout(onTimeout, timeoutMs)
    function end() {
      clearTimeout(timer)
      parent.removeEventListener('abort', onParentAbort)
    }
    parent.addEventListener('abort', onParentAbort)
    if (parent.aborted) onParentAbort()
    work(signal).then(
      (result) => {
        end()
        resolve(result)
      },
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}
