import { createScope, type Lifetime, type Scope } from '../stores/scope.js'

interface TimeLimit {
  readonly timeoutMs: number
  readonly tooLate: () => Error
}

/**
 * What `work` comes to, or a rejection with `tooLate()` after `timeoutMs`. The signal of the scope
 * that `work` is given is aborted then, and with that of `scope`; work that does not mind it goes
 * on with nobody waiting, and how it ends is passed over.
 *
 * Nothing is left behind when it ends, where the timers and the derived signals of
 * `AbortSignal.timeout` and `any` live on for the whole time.
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
 * A signal that is aborted on demand, and with its parent's; both are asked for only when somebody
 * asks this one.
 */
export class LimitedLifetime implements Lifetime {
  readonly #parent: Lifetime
  readonly #controller = new AbortController()
  #unlink: (() => void) | undefined
  #isLinked = false

  constructor(parent: Lifetime) {
    this.#parent = parent
  }

  get signal(): AbortSignal {
    if (!this.#isLinked) this.#link(this.#parent.signal)
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Leaves the parent; nobody is told of its end any more. */
  release(): void {
    this.#isLinked = true
    this.#unlink?.()
  }

  #link(parent: AbortSignal): void {
    this.#isLinked = true
    const onAbort = () => this.#controller.abort(parent.reason)
    if (parent.aborted) {
      onAbort()
      return
    }
    parent.addEventListener('abort', onAbort)
    this.#unlink = () => parent.removeEventListener('abort', onAbort)
  }
}
