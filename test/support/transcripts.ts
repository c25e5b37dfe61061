import fs from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import type { Transcript } from '../../lib/recorder/transcript.js'

const folder = path.join(__dirname, '../idp')

const text = { type: 'string', minLength: 1 }
const texts = { type: 'array', items: text, minItems: 1 }
const headers = { type: 'object', additionalProperties: { type: 'string' } }
const status = { type: 'integer', minimum: 200, maximum: 599 }
const closed = (properties: object, required: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})

const expected = closed(
  { status: { anyOf: [status, { type: 'array', items: status, minItems: 2 }] }, headers, body: {} },
  ['status'],
)
const request = closed(
  {
    method: { enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] },
    path: { type: 'string', pattern: '^(/.*)?$' },
    headers,
    body: {},
    text,
  },
  ['method', 'path'],
)
const exchange = closed(
  {
    note: text,
    actor: text,
    request,
    expected,
    save: { type: 'string', pattern: '^[a-zA-Z][a-zA-Z0-9]*$' },
    off: {
      type: 'array',
      minItems: 1,
      items: closed({ deviation: text, expected }, ['deviation', 'expected']),
    },
  },
  ['request', 'expected'],
)
const exchanges = { type: 'array', items: exchange, minItems: 1 }
const repeat = closed({ name: text, from: { type: 'integer' }, to: { type: 'integer' } }, [
  'name',
  'from',
  'to',
])
const transcript = closed(
  {
    name: text,
    idp: text,
    seen: texts,
    headers,
    bodyHeaders: headers,
    options: { type: 'object' },
    steps: {
      type: 'array',
      minItems: 1,
      items: {
        anyOf: [
          exchange,
          closed({ note: text, parallel: exchanges, statuses: { type: 'array', items: status } }, [
            'parallel',
          ]),
          closed({ note: text, repeat, steps: exchanges }, ['repeat', 'steps']),
        ],
      },
    },
  },
  ['name', 'idp', 'seen', 'steps'],
)
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile<Transcript>(transcript)

/** A transcript and its file, e.g. `okta/aiw-user-life.json`. */
export interface TranscriptFile {
  readonly file: string
  readonly transcript: Transcript
}

/** Every transcript in test/idp, or in some of its folders. */
export function readTranscripts(...idps: readonly string[]): readonly TranscriptFile[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.json'))
    .filter((name) => idps.length === 0 || idps.includes(name.split('/')[0] ?? ''))
    .sort()
    .map((file) => {
      const json: unknown = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'))
      return { file, transcript: parseTranscript(json, file) }
    })
}

/** @throws Error naming every key and value that the format does not allow */
export function parseTranscript(json: unknown, file: string): Transcript {
  if (validate(json)) return json
  const lines = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
  throw new Error(`${file} is no transcript:\n${lines.join('\n')}`)
}

/** A test's title: file, situation, and what it proves. */
export function titleOf({ file, transcript: { name } }: TranscriptFile): string {
  return `${file.replace('.json', '')}: ${name}`
}
