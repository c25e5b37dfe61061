import type { AuditEntry, EventName } from './catalogue.js'

/**
 * Receives events. An error that it throws, or with which its promise rejects, never affects a
 * request.
 */
export type EventListener = (event: AuditEntry) => unknown

/** Passes events to listeners. */
export interface EventEmitter {
  /** Calls every listener, in the order in which they were added. Never throws. */
  emit(event: AuditEntry): void
  /**
   * Listens to one event, or to all if no name is given. Returns a function that removes the
   * listener.
   */
  on(listener: EventListener, name?: EventName): () => void
}

/**
 * Makes an emitter that shares nothing with other emitters.
 *
 * @param report called with the error of a listener
 */
export function createEmitter(report: (error: unknown) => void = () => {}): EventEmitter {
  const listeners = new Set<{ listener: EventListener; name: EventName | undefined }>()
  return {
    emit(event) {
      for (const { listener, name } of [...listeners]) {
        if (name === undefined || name === event.event) tell(listener, [event], report)
      }
    },
    on(listener, name) {
      const entry = { listener, name }
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  }
}

/**
 * Calls a function of the host whose end nobody waits for. What it throws, or what its promise
 * rejects with, is reported: it neither fails a request nor ends the process.
 */
export function tell<Arguments extends readonly unknown[]>(
  hook: (...values: Arguments) => unknown,
  values: Arguments,
  report: (error: unknown) => void,
): void {
  try {
    const result = hook(...values)
    if (isThenable(result)) result.then(undefined, report)
  } catch (error) {
    report(error)
  }
}

/** Whether a value of the host's is a promise, perhaps one of another realm or library. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
