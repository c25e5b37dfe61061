import type { AuditEntry } from 'label-studio-scim'

/** The labels under which a request is counted. */
export interface RequestLabels {
  readonly method: string
  readonly endpoint: string
  readonly status: number
}

/** Counters and histograms, in the text format of Prometheus. */
export interface Metrics {
  countRequest(labels: RequestLabels, seconds: number): void
  countEvent(event: AuditEntry): void
  text(): string
}

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(): Metrics {
  const requests = counter('scim_requests_total', 'Answers, 499 where the client left.')
  const durations = histogram('scim_request_duration_seconds', 'Time until the answer.')
  const events = counter('scim_events_total', 'What happened, by the name of the event.')
  const refusals = counter('scim_refusals_total', 'Requests that were refused or failed.')
  return {
    countRequest({ method, endpoint, status }, seconds) {
      requests.add({ method, endpoint, status })
      durations.observe({ method, endpoint }, seconds)
    },
    countEvent({ event, outcome, status, scimType }) {
      events.add({ event, outcome })
      if (status !== undefined) refusals.add({ status, scim_type: scimType ?? '' })
    },
    text: () => [requests, durations, events, refusals].map((each) => each.text()).join(''),
  }
}

type Labels = Readonly<Record<string, string | number>>

function counter(name: string, help: string) {
  const counts = new Map<string, number>()
  return {
    add(labels: Labels) {
      const key = name + labelText(labels)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    text: () => metricText(name, 'counter', help, counts),
  }
}

function histogram(name: string, help: string) {
  const counts = new Map<string, number>()
  const add = (key: string, value: number) => counts.set(key, (counts.get(key) ?? 0) + value)
  return {
    observe(labels: Labels, seconds: number) {
      for (const le of bucketsSeconds) {
        add(`${name}_bucket${labelText({ ...labels, le })}`, seconds <= le ? 1 : 0)
      }
      add(`${name}_bucket${labelText({ ...labels, le: '+Inf' })}`, 1)
      add(`${name}_sum${labelText(labels)}`, seconds)
      add(`${name}_count${labelText(labels)}`, 1)
    },
    text: () => metricText(name, 'histogram', help, counts),
  }
}

function metricText(
  name: string,
  type: 'counter' | 'histogram',
  help: string,
  counts: ReadonlyMap<string, number>,
): string {
  const lines = [...counts].map(([key, value]) => `${key} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = String(value).replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')
    return `${name}="${escaped}"`
  })
  return `{${pairs.join(',')}}`
}
