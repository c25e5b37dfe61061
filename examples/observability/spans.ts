import type { AuditEntry } from 'label-studio-scim'

type Attributes = Readonly<Record<string, string | number>>

/** An event within a span. */
export interface SpanEvent {
  readonly name: string
  /** Milliseconds since 1970, like every time here. */
  readonly at: number
  readonly attributes: Attributes
}

/** One request, or one event outside of requests. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 'server' | 'internal'
  readonly startedAt: number
  readonly endedAt: number
  readonly isError: boolean
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
}

/** Receives spans. It must not throw; nothing waits for it. */
export type SpanSender = (span: Span) => void

/** Ids and outcome, but not `detail`: it may name people, and is in the audit log. */
export function spanEventOf(entry: AuditEntry): SpanEvent {
  const { event, at, tenant, outcome, target, status, scimType } = entry
  return {
    name: event,
    at: Date.parse(at),
    attributes: {
      'scim.tenant': tenant,
      'scim.outcome': outcome,
      ...(target && { 'scim.resource_type': target.resourceType, 'scim.id': target.id }),
      ...(status !== undefined && { 'scim.status': status }),
      ...(scimType !== undefined && { 'scim.type': scimType }),
    },
  }
}

/** Most spans to keep while the collector does not answer; further ones are dropped. */
const maxWaiting = 2_000
const batchMs = 1_000

/**
 * Sends spans to a collector, as JSON over HTTP (OTLP), in batches.
 *
 * @param endpoint as in `OTEL_EXPORTER_OTLP_ENDPOINT`, e.g. `http://localhost:4318`
 */
export function toCollector(endpoint: string): SpanSender {
  let waiting: Span[] = []
  const send = async () => {
    const batch = waiting
    waiting = []
    // Spans that cannot be sent are lost: the service itself must not suffer from it.
    await fetch(`${endpoint}/v1/traces`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(messageOf(batch)),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => {})
  }
  return (span) => {
    if (waiting.length < maxWaiting) waiting.push(span)
    if (waiting.length === 1) setTimeout(send, batchMs).unref()
  }
}

/** `ExportTraceServiceRequest` of opentelemetry-proto, in its JSON form. */
function messageOf(spans: readonly Span[]) {
  const resource = { attributes: listOf({ 'service.name': 'label-studio-scim' }) }
  const scope = { name: 'label-studio-scim' }
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(jsonOf) }] }] }
}

function jsonOf({ startedAt, endedAt, kind, isError, attributes, events, ...ids }: Span) {
  return {
    ...ids,
    kind: kind === 'server' ? 2 : 1,
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(endedAt),
    attributes: listOf(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.at),
      attributes: listOf(event.attributes),
    })),
    status: { code: isError ? 2 : 0 },
  }
}

/** 64-bit numbers are strings in the JSON of protocol buffers. */
function nanoseconds(ms: number): string {
  return `${BigInt(ms) * 1_000_000n}`
}

function listOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))
}
