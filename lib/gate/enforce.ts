import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import { exemptionOf, refusalRecorder } from '../access/index.js'
import type { Access } from '../mapping/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { type WorkspaceDirectory, workspaceDirectory } from '../workspaces/index.js'
import type { AnswerChange } from './answers.js'
import type { Identity, LookUpStatus } from './decide.js'
import * as session from './session.js'
import type { InTime } from './time-limit.js'
import { forbidden, pass, type Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** Somebody whom the gate lets in, and what the mapping gives them. */
export interface PolicyPerson {
  readonly identity: Identity
  /** `all`: the owner, or an account that nobody changes from outside. `undefined`: nothing. */
  readonly access: Access | 'all' | undefined
  /** Projects of their workspaces, and those in no workspace that they made. */
  readonly workspaceProjects: Iterable<number>
}

/** What a policy is asked about. */
export interface PolicyQuestion {
  readonly request: IncomingMessage
  readonly person: PolicyPerson
  /** What the mapping gives other people, to tell who may see whom. */
  accessOf(identity: Identity): Promise<PolicyPerson>
  /** To be told when the person has made a project, or deleted one. */
  projectMade(projectId: number): Promise<void>
  projectDeleted(projectId: number): Promise<void>
}

/** What a policy makes of a request. */
export type PolicyDecision =
  | {
      readonly kind: 'allow'
      /** Instead of the request's path and query. */
      readonly url?: string
      readonly answer?: AnswerChange
    }
  | {
      readonly kind: 'refuse'
      readonly status: number
      /** A sentence for the person. */
      readonly detail: string
      /** For the log: why, without anything secret. */
      readonly reason: string
    }

/** A request that a policy refuses, or would refuse. */
export interface PolicyRefusal {
  readonly at: string
  readonly identity: Identity
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly reason: string
  /** False where the policy only reports: the request went on. */
  readonly isRefused: boolean
}

/**
 * Who may do what in the application behind the gate. It is asked about each request of somebody
 * who is let in, e.g. `labelStudioPolicy(…)`.
 */
export interface RequestPolicy {
  /** `report`: tells what it would refuse, and lets it pass unchanged. */
  readonly mode: 'enforce' | 'report'
  /** Whether it is to be asked now, e.g. because there are rules. Default: always. */
  isInForce?(scope: Scope): Promise<boolean>
  /** Whether this path needs nobody to be signed in. */
  isOpen(request: IncomingMessage): boolean
  decide(scope: Scope, question: PolicyQuestion): Promise<PolicyDecision>
  /** Told of each refusal. */
  onRefusal?(refusal: PolicyRefusal): void
}

/** What {@link enforcerOf} needs. */
export interface EnforcerTools {
  readonly lookUpStatus: LookUpStatus
  readonly inTime: InTime
  readonly clock: () => Date
}

/** Asks the policy about a request of these people, after the gate has let them in. */
export type Enforcer = (
  request: IncomingMessage,
  identities: readonly Identity[],
) => Promise<Verdict>

const twoPeople = 'This request carries the credentials of two people. Sign out, and in again.'

/** An enforcer of `policy`; without one everything passes. */
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

  async function ofOne(scope: Scope, request: IncomingMessage, identity: Identity) {
    const { user, ...asked } = await person(scope, identity)
    return policy?.decide(scope, {
      request,
      person: asked,
      accessOf: (other) => person(scope, other),
      projectMade: (projectId) =>
        inTime(async (later) => {
          if (user) await directory.projectCreated(later, { projectId, user })
        }),
      projectDeleted: (projectId) => inTime((later) => directory.projectDeleted(later, projectId)),
    })
  }

  function refused(scope: Scope, request: IncomingMessage, { identity, ...why }: Refused): Verdict {
    const { method = '', url = '' } = request
    const refusal = {
      at: clock().toISOString(),
      identity,
      method,
      path: url.split('?', 1)[0] ?? '',
      reason: why.reason,
      isRefused: policy?.mode === 'enforce',
    }
    policy?.onRefusal?.(refusal)
    if (policy?.mode === 'report') {
      recorder?.add(scope, refusal)
      return pass
    }
    return { kind: 'refused', status: why.status, detail: why.detail }
  }

  return (request, identities) =>
    inTime(async (scope) => {
      if ((await policy.isInForce?.(scope)) === false) return pass
      const [identity] = identities
      if (!identity) return anonymous(policy, request)
      if (areTwo(identities)) {
        const why = { status: 403, detail: twoPeople, reason: 'credentials of two people' }
        return refused(scope, request, { ...why, identity })
      }
      const decision = await ofOne(scope, request, identity)
      if (!decision) return pass
      if (decision.kind === 'refuse') return refused(scope, request, { ...decision, identity })
      if (policy.mode === 'report') return pass
      if (decision.url !== undefined) request.url = decision.url
      return decision.answer ? { kind: 'pass', answer: decision.answer } : pass
    })
}

type Refused = { readonly identity: Identity } & Pick<
  Extract<PolicyDecision, { kind: 'refuse' }>,
  'status' | 'detail' | 'reason'
>

/** Credentials that are nobody's now may be somebody's when they arrive, so they stay behind. */
function anonymous(policy: RequestPolicy, request: IncomingMessage): Verdict {
  if (policy.mode === 'enforce' && !policy.isOpen(request)) session.dropCredentials(request)
  return pass
}

function areTwo(identities: readonly Identity[]): boolean {
  return new Set(identities.map(({ accountId, email }) => String(accountId ?? email))).size > 1
}

/** Finds out what the mapping gives somebody at this moment. */
function personsOf(adapters: Adapters, lookUpStatus: LookUpStatus, directory: WorkspaceDirectory) {
  return async (
    scope: Scope,
    identity: Identity,
  ): Promise<PolicyPerson & { readonly user?: User }> => {
    const all = { identity, access: 'all', workspaceProjects: [] } as const
    if (await adapters.gate?.isOwner?.(scope, identity)) return all
    const { standing, user } = await lookUpStatus(scope, identity)
    if (standing !== 'active' || !user) return { ...all, access: undefined }
    if ((await exemptionOf(adapters, scope, user))?.kind === 'protected') return { ...all, user }
    const access = await adapters.groups.resolveAccess(scope, user)
    const [theirs, made] = await Promise.all([
      access.workspaces.length > 0 ? directory.projectsOfWorkspaces(scope, access.workspaces) : [],
      directory.unplacedProjectsOf(scope, user.id),
    ])
    return { identity, user, access, workspaceProjects: new Set([...theirs, ...made]) }
  }
}

/** A socket that was upgraded cannot be looked into, so it is for those who may do everything. */
export async function mayUpgrade(
  policy: RequestPolicy | undefined,
  enforcer: Enforcer,
  request: IncomingMessage,
  identities: readonly Identity[],
): Promise<Verdict> {
  if (!policy || policy.mode === 'report') return pass
  const { url } = request
  const verdict = await enforcer(request, identities)
  const isPlain = verdict.kind === 'pass' && !verdict.answer && request.url === url
  return verdict.kind !== 'pass' || isPlain ? verdict : forbidden('This cannot be upgraded.')
}
