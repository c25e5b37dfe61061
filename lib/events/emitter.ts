import type { AuditEntry, EventName } from './catalogue.js'

/**
 * Is told of an event. What it throws, or the promise it returns rejects with, reaches nobody's
 * request.
 */
export type EventListener = (event: AuditEntry) => unknown

/** Hands events to whoever listens. */
export interface EventEmitter {
  /** Tells every listener, in the order they came. Never throws. */
  emit(event: AuditEntry): void
  /** Listens to one event, or to all without a name. Returns a function that ends it. */
  on(listener: EventListener, name?: EventName): () => void
}

/**
 * An emitter of its own; nothing is shared between two of them.
 *
 * @param report is given what a listener threw or rejected with
 */
export function createEmitter(report: (error: unknown) => void = () => {}): EventEmitter {
  const listeners = new Set<{ listener: EventListener; name: EventName | undefined }>()
  return {
    emit(event) {
      for (const { listener, name } of [...listeners]) {
        if (name === undefined || name === event.event) tell(listener, event, report)
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

function tell(listener: EventListener, event: AuditEntry, report: (error: unknown) => void): void {
  try {
    const result = listener(event)
    if (result instanceof Promise) result.catch(report)
  } catch (error) {
    report(error)
  }
}
