import { Agent, request as sendRequest } from 'node:http'

/** A request as it goes over the wire. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly type?: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back, headers included: a name may be in them too. */
export interface Answered {
  readonly status: number
  readonly text: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 })

/** How long an answer may take on a busy machine. */
const answerMs = 120_000

/** Sends bytes as they are: `fetch` would tidy the path. */
export function sendAsItIs(
  url: string,
  { method, path, type, body, headers }: Sent,
): Promise<Answered> {
  const { hostname, port } = new URL(url)
  const all = {
    ...headers,
    ...(type !== undefined && { 'content-type': type }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answerMs)
    const options = { agent, hostname, port, method, path, headers: all, signal }
    const outgoing = sendRequest(options, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = `${incoming.rawHeaders.join('\n')}\n\n${Buffer.concat(chunks)}`
        resolve({ status: incoming.statusCode ?? 0, text })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Ways of writing one path. */
export function spellings(path: string): readonly string[] {
  const [plain = '', query] = path.split('?')
  const tail = query === undefined ? '' : `?${query}`
  const bare = plain.replace(/\/$/, '')
  return [
    `${bare}${tail}`,
    `${bare}/${tail}`,
    `/${bare}${tail}`,
    `${bare}//${tail}`,
    `${bare}.json${tail}`,
    `${bare}.json/${tail}`,
    bare.replace(/[a-z]/, (each) => `%${each.charCodeAt(0).toString(16)}`) + tail,
    bare.replace(/[a-z]/, (each) => `%25${each.charCodeAt(0).toString(16)}`) + tail,
    bare.replace(/(\d+)/, '00$1') + tail,
    bare.replace(/(\d+)/, '%3$1') + tail,
    bare.replace(/(\d+)/, (digits) => encodeURIComponent(fullWidth(digits))) + tail,
    bare.replace(/\//g, (each, at) => (at === 0 ? each : '%2F')) + tail,
    bare.replace(/\//g, (each, at) => (at === 0 ? each : '%c0%af')) + tail,
    bare.replace(/\//g, (each, at) => (at === 0 ? each : '\\')) + tail,
    `/static/..${bare}${tail}`,
    `/static/%2e%2e${bare}${tail}`,
    `/static/..%2f${bare.slice(1)}${tail}`,
    `${bare};x=1${tail}`,
    `${bare}%3Bx=1${tail}`,
    `${bare}%00${tail}`,
    `${bare}%0a${tail}`,
    `${bare}%20${tail}`,
    `http://example.com${bare}${tail}`,
    `${bare}/health/${tail}`,
    `${bare}#/health/`,
    bare.toUpperCase() + tail,
  ]
}

function fullWidth(digits: string): string {
  return digits.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
}

/** A body of these fields in every way of writing it that some server understands. */
export function bodiesOf(fields: Readonly<Record<string, unknown>>, own: number): Partial<Sent>[] {
  const pairs = Object.entries(fields).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])
  const parts = pairs.map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const text = JSON.stringify(fields)
  const type = 'application/json'
  return [
    { type, body: text },
    { type, body: `[${text}]` },
    { type, body: `{"project":${own},${text.slice(1)}` },
    { type, body: `${text.slice(0, -1)},"project":${own}}` },
    { type, body: text.replaceAll('"p', '"\\u0070').replaceAll('"t', '"\\u0074') },
    { type, body: text.replace(/:(\d+)/g, ':$1.0') },
    { type, body: `\ufeff${text}` },
    { type: `${type}; charset=utf-16`, body: Buffer.from(text, 'utf16le') },
    { type: `${type}; charset=latin-1`, body: text },
    { type: 'APPLICATION/JSON', body: text },
    { type: 'application/vnd.api+json', body: text },
    { type: 'application/msgpack', body: Buffer.from([0x81, 0xa7]) },
    { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(pairs).toString() },
    { type: 'multipart/form-data; boundary=b', body: `${parts.join('')}--b--\r\n` },
    { type: 'text/plain', body: text },
    { body: text },
    { type, body: text, headers: { 'content-encoding': 'gzip' } },
  ]
}

/** A request of the web application. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** Asks as this account of an application that makes accounts up (`startEverything`). */
export async function askAs(
  url: string,
  account: number,
  { method, path, body }: Asked,
): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Token ${account}`,
      'x-person': String(account),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** What the web application sends with a submission, an update and a draft. */
export const sentWithWork = {
  lead_time: 1.5,
  result: [],
  draft_id: 0,
  parent_prediction: null,
  parent_annotation: null,
  started_at: '2026-11-30T18:00:00Z',
}
