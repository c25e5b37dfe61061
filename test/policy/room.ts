import {
  type LabelStudioPolicyOptions,
  labelStudioPolicy,
} from '../../adapters/label-studio/index.js'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import type { AccessGateOptions, PolicyRefusal } from '../../lib/gate/index.js'
import type { Access, OrganizationRole, ProjectRole } from '../../lib/mapping/index.js'
import type { User } from '../../lib/stores/index.js'
import { type Gated, openGate, password, peopleOf } from '../gate/gated.js'
import { signIn, signUp } from '../support/label-studio-browser.js'

/** What of a Label Studio, fake or real, a test needs. */
export interface Target {
  readonly url: string
  readonly token: string
}

/** What somebody is given. */
export interface Given {
  readonly role?: OrganizationRole | null
  readonly projects?: Readonly<Record<number, ProjectRole>>
  readonly workspaces?: readonly string[]
}

/** Somebody with an account, and the headers of their session. */
export interface Person {
  readonly email: string
  readonly account: number
  readonly headers: Record<string, string>
}

/** A gate with the policy in front of a Label Studio, and people whose access a test chooses. */
export interface Room {
  readonly url: string
  readonly refusals: PolicyRefusal[]
  add(email: string, given: Given): Promise<Person>
  /** As `add`, for somebody whose account the application makes up. */
  know(email: string, given: Given): Promise<void>
  give(email: string, given: Given): void
  readonly adapters: MemoryAdapters
  close(): Promise<void>
}

/** Opens a room in front of `target`. */
export async function openRoom(
  target: Target,
  options: Partial<LabelStudioPolicyOptions> = {},
  gateOptions: Partial<AccessGateOptions> = {},
): Promise<Room> {
  const given = new Map<string, Access>()
  const refusals: PolicyRefusal[] = []
  const memory = memoryAdapters()
  const resolveAccess = async (_scope: unknown, user: User) =>
    given.get(user.userName ?? '') ?? accessFrom({})
  const adapters = {
    ...memory,
    groups: { ...memory.groups, resolveAccess, resolveAccessOf: undefined },
    gate: {
      signUp: async () => 'open' as const,
      isOwner: async (_scope: unknown, { email }: { email?: string }) =>
        email === 'owner@example.com',
    },
  } as unknown as MemoryAdapters
  const policy = labelStudioPolicy({
    url: target.url,
    token: target.token,
    retries: 0,
    onRefusal: (each) => refusals.push(each),
    ...options,
  })
  const gated: Gated = await openGate(target as never, adapters, {
    enforce: policy,
    ...gateOptions,
  })
  return {
    url: gated.url,
    refusals,
    adapters,
    give: (email, access) => void given.set(email, accessFrom(access)),
    async know(email, access) {
      given.set(email, accessFrom(access))
      await peopleOf(adapters).add(email)
    },
    async add(email, access) {
      given.set(email, accessFrom(access))
      await peopleOf(adapters).add(email)
      return { email, ...(await accountOf(target, email)) }
    },
    close: gated.close,
  }
}

function accessFrom({ role = null, projects = {}, workspaces = [] }: Given): Access {
  const list = Object.entries(projects).map(([id, each]) => ({ projectId: Number(id), role: each }))
  return { active: true, role, workspaces, projects: list, reasons: [] }
}

/** An account that signed up, with a session and the token against forged requests. */
async function accountOf({ url, token }: Target, email: string) {
  const invite = await owner({ url, token }, 'GET', '/api/invite')
  let { status, cookie } = await signUp(url, invite.token, { email, password })
  if (status !== 302) ({ cookie } = await signIn(url, email, password))
  const headers = {
    cookie,
    'x-csrftoken': /csrftoken=([^;]*)/.exec(cookie)?.[1] ?? '',
    referer: url,
  }
  const whoami = await fetch(`${url}/api/current-user/whoami`, { headers: { cookie } })
  return { account: ((await whoami.json()) as { id: number }).id, headers }
}

/** Asks Label Studio itself, as its owner. */
export async function owner(
  { url, token }: Target,
  method: string,
  path: string,
  body?: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
): Promise<any> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
  return text === '' ? undefined : JSON.parse(text)
}
