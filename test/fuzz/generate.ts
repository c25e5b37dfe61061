import { oneOf } from '../support/random.js'
import { bulkUrn, enterpriseUrn, groupUrn, patchUrn, searchUrn, userUrn } from '../support/urns.js'

/** Secrets that no answer, log, event or audit entry may tell. */
export const secrets = {
  scimToken: 'canary-of-the-scim-token-1f6b',
  adminToken: 'canary-of-the-admin-token-7c2e',
  password: 'canary-of-a-password-93ad',
} as const

/** A request as bytes, with what is needed to judge its answer. */
export interface FuzzRequest {
  readonly bytes: Buffer
  readonly isHead: boolean
}

/** What the page needs: a session of an administrator. */
export interface PageSession {
  readonly cookie: string
  readonly csrf: string
}

type Random = () => number
type Json = unknown

const oddTexts = [
  '',
  ' ',
  'a',
  'A',
  'ines@acme.example',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff x',
  '\ufeff',
  '\u202e',
  "'; drop table scim_resources; --",
  "' or '1'='1",
  '%',
  '_',
  '\\',
  '"',
  '<script>alert(1)</script>',
  '=1+1',
  '../../etc/passwd',
  'null',
  'NaN',
  '1e999',
  '-0',
  '9999999999999999999999',
  '2026-02-30T25:61:61Z',
  'true',
  'W/"x"',
  '*',
  'x'.repeat(300),
  'x'.repeat(40_000),
  '('.repeat(300),
  '[['.repeat(50),
  'é😀ﬀİ',
  userUrn,
  enterpriseUrn,
  `${enterpriseUrn}:manager.value`,
]
const oddValues: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  [],
  {},
  [[]],
  [null],
  [{}],
  { value: null },
  { $ne: null },
  { value: { value: { value: 1 } } },
  ...oddTexts,
]
const attributeNames = [
  ...['userName', 'active', 'displayName', 'emails', 'emails.value', 'name.givenName', 'title'],
  ...['externalId', 'members', 'members.value', 'groups', 'groups.value', 'groups.display', 'id'],
  ...['meta', 'meta.created', 'meta.version', 'password', 'roles', 'manager.value', 'schemas'],
  ...[enterpriseUrn, `${enterpriseUrn}:manager.value`, 'emails[type eq "work"].value', 'x', '$ref'],
]
const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ', 'is', '']

const text = (random: Random) =>
  random() < 0.5 ? oneOf(random, attributeNames) : oneOf(random, oddTexts)
const value = (random: Random): Json => oneOf(random, oddValues)

function literal(random: Random): string {
  const kind = random()
  if (kind < 0.6) return JSON.stringify(text(random))
  return kind < 0.9 ? String(JSON.stringify(value(random))) : oneOf(random, oddTexts)
}

function filter(random: Random, depth = 0): string {
  const kind = random()
  if (depth > 4 || kind < 0.45) {
    return `${text(random)} ${oneOf(random, operators)} ${literal(random)}`
  }
  if (kind < 0.55) return `${text(random)} pr`
  if (kind < 0.65) return `not (${filter(random, depth + 1)})`
  if (kind < 0.75) return `${oneOf(random, attributeNames)}[${filter(random, depth + 1)}]`
  if (kind < 0.8) return `(${filter(random, depth + 1)})`
  const word = oneOf(random, ['and', 'or', 'AND', 'xor'])
  return `${filter(random, depth + 1)} ${word} ${filter(random, depth + 1)}`
}

function user(random: Random): Record<string, Json> {
  const name = oneOf(random, ['ines', 'bob', 'eve', 'ann', 'dan'])
  return {
    schemas: [userUrn, enterpriseUrn],
    userName: `${name}-${Math.floor(random() * 20)}@acme.example`,
    active: random() < 0.8,
    displayName: name,
    name: { givenName: name, familyName: 'X' },
    emails: [{ value: `${name}@acme.example`, type: 'work', primary: true }],
    [enterpriseUrn]: { department: 'D', manager: { value: 'somebody' } },
  }
}

function group(random: Random, ids: readonly string[]): Record<string, Json> {
  const members = Array.from({ length: Math.floor(random() * 4) }, () => ({
    value: id(random, ids),
  }))
  return { schemas: [groupUrn], displayName: `Crew ${Math.floor(random() * 15)}`, members }
}

function id(random: Random, ids: readonly string[]): string {
  return ids.length > 0 && random() < 0.8 ? oneOf(random, ids) : oneOf(random, oddTexts)
}

function patch(random: Random, ids: readonly string[]): Record<string, Json> {
  const operation = () => ({
    op: oneOf(random, ['add', 'remove', 'replace', 'Replace', 'Add', 'x', '']),
    ...(random() < 0.8 && {
      path: random() < 0.6 ? oneOf(random, attributeNames) : `members[${filter(random, 3)}]`,
    }),
    ...(random() < 0.8 && {
      value: oneOf<Json>(random, [value(random), [{ value: id(random, ids) }], user(random), true]),
    }),
  })
  const Operations = Array.from({ length: 1 + Math.floor(random() * 3) }, operation)
  return { schemas: [patchUrn], Operations }
}

function search(random: Random): Record<string, Json> {
  return {
    schemas: [searchUrn],
    ...(random() < 0.7 && { filter: filter(random) }),
    ...(random() < 0.4 && { sortBy: text(random), sortOrder: text(random) }),
    ...(random() < 0.4 && { startIndex: value(random), count: value(random) }),
    ...(random() < 0.2 && { cursor: text(random) }),
    ...(random() < 0.3 && { attributes: [text(random)], excludedAttributes: [text(random)] }),
  }
}

function bulk(random: Random, ids: readonly string[]): Record<string, Json> {
  const operation = (index: number) => ({
    method: oneOf(random, ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', '']),
    path: oneOf(random, [
      '/Users',
      '/Groups',
      `/Users/${id(random, ids)}`,
      '/Bulk',
      '/Users/bulkId:1',
    ]),
    bulkId: `${index}`,
    data: oneOf<Json>(random, [
      user(random),
      group(random, ids),
      patch(random, ids),
      value(random),
    ]),
  })
  const Operations = Array.from({ length: Math.floor(random() * 4) }, (_, index) =>
    operation(index),
  )
  return { schemas: [bulkUrn], failOnErrors: value(random), Operations }
}

/** Changes a body somewhere: a value, a name, something more or less. */
function mutate(random: Random, body: Json): Json {
  if (random() < 0.3) return value(random)
  if (Array.isArray(body)) {
    if (body.length === 0) return [value(random)]
    const place = Math.floor(random() * body.length)
    return body.map((each, index) => (index === place ? mutate(random, each) : each))
  }
  if (typeof body !== 'object' || body === null) return value(random)
  const entries = Object.entries(body)
  if (entries.length === 0 || random() < 0.15) return { ...body, [text(random)]: value(random) }
  const place = Math.floor(random() * entries.length)
  const changed = entries.flatMap(([name, each], index): [string, Json][] => {
    if (index !== place) return [[name, each]]
    const kind = random()
    if (kind < 0.15) return []
    if (kind < 0.3) return [[text(random), each]]
    if (kind < 0.4)
      return [
        [name.toUpperCase(), each],
        [name, value(random)],
      ]
    return [[name, mutate(random, each)]]
  })
  // Members such as `__proto__` are members here, too.
  return Object.fromEntries(changed)
}

/** Damages a text: cuts, doubles or replaces some of it. */
function damage(random: Random, whole: string): string {
  const place = Math.floor(random() * whole.length)
  const kind = random()
  if (kind < 0.3) return whole.slice(0, place)
  if (kind < 0.6) return whole.slice(0, place) + oneOf(random, oddTexts) + whole.slice(place)
  if (kind < 0.8) return whole.slice(0, place) + whole.slice(place + 1 + Math.floor(random() * 5))
  return whole + whole.slice(place)
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE']

interface Parts {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body?: string
}

function query(random: Random): string {
  const names = ['filter', 'sortBy', 'sortOrder', 'startIndex', 'count', 'cursor', 'attributes']
  const parts = Array.from({ length: Math.floor(random() * 3) }, () => {
    const name = random() < 0.9 ? oneOf(random, [...names, 'excludedAttributes']) : text(random)
    const given = name === 'filter' ? filter(random) : text(random)
    const value = random() < 0.95 ? encode(given) : oneOf(random, ['%', '%zz', '%C0%80', ''])
    return `${encode(name)}=${value}`
  })
  return parts.length > 0 ? `?${parts.join('&')}` : ''
}

/** `encodeURIComponent` that takes any text. */
function encode(given: string): string {
  return encodeURIComponent(Buffer.from(given).toString())
}

const endpoints = [
  '/Users',
  '/Groups',
  '/Me',
  '/Schemas',
  '/ResourceTypes',
  '/ServiceProviderConfig',
]

function scim(random: Random, ids: readonly string[]): Parts {
  const resource = () =>
    `${oneOf(random, ['/Users', '/Groups'])}/${encode(id(random, ids)).slice(0, 2000)}`
  const choices: readonly (() => [string, string, Json?])[] = [
    () => ['GET', `${oneOf(random, endpoints)}${query(random)}`],
    () => ['GET', `${resource()}${query(random)}`],
    () => ['POST', '/Users', withPassword(random, mutateSometimes(random, user(random)))],
    () => ['POST', '/Groups', mutateSometimes(random, group(random, ids))],
    () => [
      'PUT',
      resource(),
      mutateSometimes(random, random() < 0.5 ? user(random) : group(random, ids)),
    ],
    () => ['PATCH', resource(), mutateSometimes(random, patch(random, ids))],
    () => ['PATCH', resource(), patch(random, ids)],
    () => ['DELETE', resource()],
    () => [
      'POST',
      `${oneOf(random, ['', '/Users', '/Groups'])}/.search`,
      mutateSometimes(random, search(random)),
    ],
    () => ['POST', '/Bulk', mutateSometimes(random, bulk(random, ids))],
    () => [oneOf(random, methods), `/${encode(text(random)).slice(0, 2000)}`, value(random)],
  ]
  const [method, path, body] = oneOf(random, choices)()
  return {
    method,
    target: `/scim/v2${path}`,
    headers: [`Authorization: Bearer ${secrets.scimToken}`, 'Content-Type: application/scim+json'],
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
}

function mutateSometimes(random: Random, body: Json): Json {
  return random() < 0.3 ? body : mutate(random, body)
}

function withPassword(random: Random, body: Json): Json {
  if (random() < 0.5 || typeof body !== 'object' || body === null || Array.isArray(body))
    return body
  return { ...body, password: secrets.password }
}

const apiPaths = [
  'settings',
  'settings/preview',
  'workspaces',
  'workspaces/change',
  'explain',
  'status',
]
const moreApiPaths = [
  'drift',
  'seats',
  'groups',
  'people',
  'audit',
  'audit.csv',
  'retry',
  'reapply',
]

function settings(random: Random, ids: readonly string[]): Parts {
  const name = oneOf(random, [...apiPaths, ...moreApiPaths, 'pause', 'resume', 'allow-loss'])
  const names = ['user', 'email', 'search', 'offset', 'limit', 'actor', 'target', 'after', 'state']
  const parts = Array.from({ length: Math.floor(random() * 3) }, () => {
    const given = random() < 0.3 ? id(random, ids) : text(random)
    return `${oneOf(random, names)}=${encode(given)}`
  })
  const rules = {
    roles_groups: [
      ['Annotator', 'Crew 1'],
      [text(random), text(random)],
    ],
    workspaces_groups: [['Photos', 'Crew 2']],
    projects_groups: [[{ project_id: 7, role: 'Inherit' }, 'Crew 3']],
    users: [id(random, ids)],
    title: text(random),
  }
  const isPost = random() < 0.5
  return {
    method: isPost ? 'POST' : oneOf(random, ['GET', 'GET', 'HEAD', 'PUT']),
    target: `/api/scim/${name}?${parts.join('&')}`,
    headers: [`Authorization: Bearer ${secrets.adminToken}`, 'Content-Type: application/json'],
    ...(isPost && { body: JSON.stringify(mutateSometimes(random, rules)) }),
  }
}

function page(random: Random, ids: readonly string[], { cookie, csrf }: PageSession): Parts {
  const name = oneOf(random, [
    '',
    '/people',
    '/groups',
    '/workspaces',
    '/log',
    '/status',
    `/people/${encode(id(random, ids)).slice(0, 500)}`,
  ])
  const fields = Array.from({ length: Math.floor(random() * 6) }, () => {
    const field = oneOf(random, [
      'action',
      'role',
      'group',
      'rule',
      'roles.0.group',
      'search',
      'version',
      text(random),
    ])
    return `${encode(field)}=${encode(text(random))}`
  })
  const isPost = random() < 0.5
  const form = [`csrf=${random() < 0.9 ? encode(csrf) : 'x'}`, ...fields].join('&')
  return {
    method: isPost ? 'POST' : 'GET',
    target: `/scim/settings${name}${isPost ? '' : `?${fields.join('&')}`}`.slice(0, 12_000),
    headers: [
      `Cookie: ${cookie}`,
      'Content-Type: application/x-www-form-urlencoded',
      'Sec-Fetch-Site: same-origin',
      'Origin: http://fuzz.example',
    ],
    ...(isPost && { body: form }),
  }
}

function gate(random: Random): Parts {
  const paths = [
    '/',
    '/user/login/',
    '/api/projects/',
    '/api/token',
    '/logout',
    '//api//x',
    '/static/x',
  ]
  const login = `email=${encode(text(random))}&password=${encode(secrets.password)}`
  return {
    method: oneOf(random, methods),
    target: random() < 0.7 ? oneOf(random, paths) : `/${encode(text(random)).slice(0, 2000)}`,
    headers: [
      `Cookie: sessionid=${encode(text(random)).slice(0, 4000)}; ` +
        `${encode(text(random)).slice(0, 2000)}`,
      `Authorization: ${oneOf(random, ['Token', 'Bearer', 'Basic', ''])} ` +
        `${encode(text(random)).slice(0, 2000)}`,
      `Content-Type: ${oneOf(random, ['application/x-www-form-urlencoded', 'application/json'])}`,
    ],
    ...(random() < 0.4 && { body: random() < 0.5 ? login : JSON.stringify(value(random)) }),
  }
}

const oddHeaders = [
  'If-Match: *',
  'If-Match: W/"x", "y"',
  'If-None-Match: W/"x"',
  'Accept: text/html;q=x',
  'Content-Type: text/plain',
  'Content-Type: application/json; charset=utf-7',
  'Content-Encoding: gzip',
  'Content-Encoding: br, gzip',
  'Authorization: Bearer wrong',
  'X-Request-Id: <x>',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: javascript',
  'Accept-Language: *;q=9',
  `X-Long: ${'y'.repeat(4_000)}`,
]

/** The next random request. `ids`: resources that are there. */
export function anyRequest(
  random: Random,
  ids: readonly string[],
  session: PageSession,
): FuzzRequest {
  const kind = random()
  if (kind < 0.7) return written(random, scim(random, ids))
  if (kind < 0.82) return written(random, settings(random, ids))
  if (kind < 0.92) return written(random, page(random, ids, session))
  return written(random, gate(random))
}

function written(random: Random, { method, target, headers, body }: Parts): FuzzRequest {
  const sent = body === undefined || random() < 0.9 ? body : damage(random, body)
  const bytes = sent === undefined ? undefined : Buffer.from(sent)
  const odd = random() < 0.2 ? [oneOf(random, oddHeaders)] : []
  const path = target.slice(0, 12_000)
  const length = bytes === undefined ? [] : [`Content-Length: ${bytes.length}`]
  const head = [`${method} ${path} HTTP/1.1`, 'Host: fuzz.example', ...headers, ...odd, ...length]
  const headBytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
  return {
    bytes: bytes === undefined ? headBytes : Buffer.concat([headBytes, bytes]),
    isHead: method === 'HEAD',
  }
}
