import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import { exemptionOf, refusalRecorder } from '../access/index.js'
import { tell } from '../events/emitter.js'
import type { Access } from '../mapping/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { type WorkspaceDirectory, workspaceDirectory } from '../workspaces/index.js'
import type { AnswerChange } from './answers.js'
import { checkDecision } from './check-decision.js'
import type { Identity, LookUpStatus } from './decide.js'
import * as session from './session.js'
import type { InTime } from './time-limit.js'
import { forbidden, pass, type Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** A person whom the gate lets in, and the access that the mapping rules give them. */
export interface PolicyPerson {
  readonly identity: Identity
  /** `all`: the owner, or an account that cannot be changed from outside. `undefined`: none. */
  readonly access: Access | 'all' | undefined
  /**
   * Projects of their workspaces, and those in no workspace that they made. The same object as long
   * as nothing changes.
   */
  readonly workspaceProjects: ReadonlySet<number>
}

/** A request for a policy to decide about. */
export interface PolicyQuestion {
  readonly request: IncomingMessage
  /**
   * The body, once the policy has asked for it with `body`. `consumed`: something before the gate
   * has read it. `aborted`: the client has disconnected.
   */
  readonly body?: Buffer | 'consumed' | 'aborted'
  readonly person: PolicyPerson
  /** The access of other people, to decide who may see whom. */
  accessOf(identity: Identity): Promise<PolicyPerson>
  /** To be called when the person has made or deleted a project. */
  projectMade(projectId: number): Promise<void>
  projectDeleted(projectId: number): Promise<void>
}

/** A policy's decision about a request. */
export type PolicyDecision =
  | {
      readonly kind: 'allow'
      /** Replaces the request's path and query. */
      readonly url?: string
      readonly answer?: AnswerChange
    }
  | {
      readonly kind: 'refuse'
      readonly status: number
      /** A sentence for the person. */
      readonly detail: string
      /** The reason, for the log, without secrets. */
      readonly reason: string
    }
  | BodyNeeded

/**
 * The policy needs the body: it is asked again with the first `length` bytes, which also go on to
 * the application. No store is kept busy while the client sends them.
 */
export interface BodyNeeded {
  readonly kind: 'body'
  readonly length: number
}

/** A request that a policy refuses, or would refuse in report mode. */
export interface PolicyRefusal {
  readonly at: string
  readonly identity: Identity
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly reason: string
  /** `false` if the policy only reports: the request went on. */
  readonly isRefused: boolean
}

/**
 * Decides what people may do in the application behind the gate, for each request of a person who
 * is let in. `labelStudioPolicy(…)` makes one.
 */
export interface RequestPolicy {
  /** `report`: reports what it would refuse and lets it pass unchanged. */
  readonly mode: 'enforce' | 'report'
  /** Whether the policy applies now, e.g. because there are rules. Default: always. */
  isInForce?(scope: Scope): Promise<boolean>
  /** Whether this path is open to people who are not signed in. */
  isOpen(request: IncomingMessage): boolean
  decide(scope: Scope, question: PolicyQuestion): Promise<PolicyDecision>
  /** Called for each refusal; an error that it throws changes nothing. */
  onRefusal?(refusal: PolicyRefusal): void
}

/** What {@link enforcerOf} needs. */
export interface EnforcerTools {
  readonly lookUpStatus: LookUpStatus
  readonly inTime: InTime
  readonly clock: () => Date
}

/** A request of people whom the gate has let in. */
export interface EnforcerRequest {
  readonly scope: Scope
  readonly request: IncomingMessage
  readonly identities: readonly Identity[]
  readonly body?: Exclude<PolicyQuestion['body'], undefined>
  /** The request was decided about before, so what the policy would refuse was reported. */
  readonly isRepeated?: boolean
}

/** Applies the policy to a request. */
export type Enforcer = (asked: EnforcerRequest) => Promise<Verdict | BodyNeeded>

const twoPeople = 'This request carries the credentials of two people. Sign out, and in again.'

/** Makes an enforcer of `policy`; without a policy everything passes. */
export function enforcerOf(
  adapters: Adapters,
  policy: RequestPolicy | undefined,
  { lookUpStatus, inTime, clock }: EnforcerTools,
): Enforcer {
  if (!policy) return () => Promise.resolve(pass)
  const recorder = refusalRecorder(adapters, {
    personOf: async (scope, identity) => (await lookUpStatus(scope, identity)).user?.id,
    onError: (error) => debug('what would be refused was not kept: %O', error),
  })
  const directory = workspaceDirectory(adapters)
  const person = personsOf(adapters, lookUpStatus, directory)

  async function ofOne({ scope, request, body }: EnforcerRequest, identity: Identity) {
    const { user, ...asked } = await person(scope, identity)
    const isStill = async (later: Scope) => isSame(asked, await person(later, identity))
    const decided: unknown = await policy?.decide(scope, {
      request,
      ...(body !== undefined && { body }),
      person: asked,
      accessOf: (other) => person(scope, other),
      projectMade: (projectId) =>
        inTime(async (later) => {
          if (user) await directory.projectCreated(later, { projectId, user })
        }),
      projectDeleted: (projectId) => inTime((later) => directory.projectDeleted(later, projectId)),
    })
    return { decision: checkDecision(decided), isStill }
  }

  function refused(asked: EnforcerRequest, { identity, ...why }: Refused): Verdict {
    const { scope, request, isRepeated } = asked
    const { method = '', url = '' } = request
    if (policy?.mode === 'report' && isRepeated) return pass
    const refusal = {
      at: clock().toISOString(),
      identity,
      method,
      path: url.split('?', 1)[0] ?? '',
      reason: why.reason,
      isRefused: policy?.mode === 'enforce',
    }
    const onError = (error: unknown) => debug('onRefusal failed: %O', error)
    tell(() => policy?.onRefusal?.(refusal), [], onError)
    if (policy?.mode === 'report') {
      recorder?.add(scope, refusal)
      return pass
    }
    return { kind: 'refused', status: why.status, detail: why.detail }
  }

  return async (asked) => {
    const { scope, request, identities } = asked
    if ((await policy.isInForce?.(scope)) === false) return pass
    const [identity] = identities
    if (!identity) return anonymous(policy, request)
    if (areTwo(identities)) {
      const why = { status: 403, detail: twoPeople, reason: 'credentials of two people' }
      return refused(asked, { ...why, identity })
    }
    const { decision, isStill } = await ofOne(asked, identity)
    if (decision.kind === 'body') return decision
    if (decision.kind === 'refuse') return refused(asked, { ...decision, identity })
    if (policy.mode === 'report') return watched(decision)
    return { ...allowed(request, decision), isStill }
  }
}

type Allow = Extract<PolicyDecision, { kind: 'allow' }>

function allowed(request: IncomingMessage, { url, answer }: Allow) {
  if (url !== undefined) request.url = url
  return { kind: 'pass', ...(answer && { answer }) } as const
}

function isSame(one: PolicyPerson, other: PolicyPerson): boolean {
  const [projects, others] = [one.workspaceProjects, other.workspaceProjects]
  return (
    JSON.stringify(one.access) === JSON.stringify(other.access) &&
    (projects === others ||
      (projects.size === others.size && [...projects].every((each) => others.has(each))))
  )
}

/** The request passes unchanged, but new projects are noted. */
function watched({ answer: { learn, after } = {} }: Allow): Verdict {
  const answer = { ...(learn && { learn }), ...(after && { after }) }
  return learn || after ? { kind: 'pass', answer } : pass
}

type Refused = { readonly identity: Identity } & Pick<
  Extract<PolicyDecision, { kind: 'refuse' }>,
  'status' | 'detail' | 'reason'
>

/** Credentials that are not accepted now might be when they arrive, so they are removed. */
function anonymous(policy: RequestPolicy, request: IncomingMessage): Verdict {
  const isOpen: unknown = policy.isOpen(request)
  if (policy.mode === 'enforce' && isOpen !== true) session.dropCredentials(request)
  return pass
}

function areTwo(identities: readonly Identity[]): boolean {
  return new Set(identities.map(({ accountId, email }) => String(accountId ?? email))).size > 1
}

const noProjects: ReadonlySet<number> = new Set()

/** Returns the access that the mapping rules give a person at this moment. */
function personsOf(adapters: Adapters, lookUpStatus: LookUpStatus, directory: WorkspaceDirectory) {
  return async (
    scope: Scope,
    identity: Identity,
  ): Promise<PolicyPerson & { readonly user?: User }> => {
    const all = { identity, access: 'all', workspaceProjects: noProjects } as const
    if (await adapters.gate?.isOwner?.(scope, identity)) return all
    const { standing, user, record, access: known } = await lookUpStatus(scope, identity)
    if (standing !== 'active' || !user) return { ...all, access: undefined }
    const exemption = await exemptionOf(adapters, scope, user, record)
    if (exemption?.kind === 'protected') return { ...all, user }
    const access = known ?? (await adapters.groups.resolveAccess(scope, user))
    const workspaceProjects = await directory.projectsOfPerson(scope, {
      userId: user.id,
      titles: access.workspaces,
    })
    return { identity, user, access, workspaceProjects }
  }
}

/**
 * An upgraded socket cannot be inspected, so there is one only where the policy lets the request
 * pass unchanged.
 */
export async function mayUpgrade(
  policy: RequestPolicy | undefined,
  enforcer: Enforcer,
  asked: EnforcerRequest,
): Promise<Verdict> {
  if (!policy || policy.mode === 'report') return pass
  const { request } = asked
  const { url } = request
  const verdict = await enforcer(asked)
  const isPlain = verdict.kind === 'pass' && !verdict.answer && request.url === url
  if (verdict.kind === 'pass' || verdict.kind === 'body') {
    return isPlain ? pass : forbidden('This connection cannot be upgraded.')
  }
  return verdict
}
