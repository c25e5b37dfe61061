import { createScope, type Lifetime, type Scope } from '../stores/scope.js'

interface TimeLimit {
  readonly timeoutMs: number
  readonly tooLate: () => Error
}

/**
 * Resolves with the result of `work`, or rejects with `tooLate()` after `timeoutMs`. The signal of
 * the scope given to `work` is aborted then, and also when that of `scope` is. Work that ignores
 * its signal goes on in the background, and its result is ignored.
 *
 * It leaves nothing behind when it ends, whereas the timers and derived signals of
 * `AbortSignal.timeout` and `any` live on until the time is up.
 */
export function withTimeLimit<T>(
  scope: Scope,
  { timeoutMs, tooLate }: TimeLimit,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const limited = new LimitedLifetime(scope)
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      limited.abort(new DOMException('The time is up.', 'TimeoutError'))
      limited.release()
      reject(tooLate())
    }, timeoutMs)
    const end = () => {
      clearTimeout(timer)
      limited.release()
    }
    work(createScope(scope, limited)).then(
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

/**
 * A signal that is aborted on demand, and when its parent is. Both signals are made only when first
 * needed.
 */
export class LimitedLifetime implements Lifetime {
  readonly #parent: Lifetime
  #made: AbortController | undefined
  #unlink: (() => void) | undefined
  #isLinked = false

  constructor(parent: Lifetime) {
    this.#parent = parent
  }

  get signal(): AbortSignal {
    if (!this.#isLinked) this.#link(this.#parent.signal)
    return this.#controller().signal
  }

  abort(reason: unknown): void {
    this.#controller().abort(reason)
  }

  /** Stops listening to the parent. */
  release(): void {
    this.#isLinked = true
    this.#unlink?.()
  }

  #controller(): AbortController {
    this.#made ??= new AbortController()
    return this.#made
  }

  #link(parent: AbortSignal): void {
    this.#isLinked = true
    const onAbort = () => this.#controller().abort(parent.reason)
    if (parent.aborted) {
      onAbort()
      return
    }
    parent.addEventListener('abort', onAbort)
    this.#unlink = () => parent.removeEventListener('abort', onAbort)
  }
}
