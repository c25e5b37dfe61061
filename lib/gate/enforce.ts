import type { IncomingMessage } from 'node:http'
import createDebug from 'debug'
import { exemptionOf, refusalRecorder } from '../access/index.js'
import type { Access } from '../mapping/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import type { AnswerChange } from './answers.js'
import type { Identity, Judge } from './decide.js'
import * as session from './session.js'
import type { InTime } from './time-limit.js'
import { forbidden, pass, type Verdict } from './verdict.js'

const debug = createDebug('label-studio-scim:gate')

/** Somebody whom the gate lets in, and what the mapping gives them. */
export interface PolicyPerson {
  readonly identity: Identity
  /** `all`: the owner, or an account that nobody changes from outside. `undefined`: nothing. */
  readonly access: Access | 'all' | undefined
}

/** What a policy is asked about. */
export interface PolicyQuestion {
  readonly request: IncomingMessage
  readonly person: PolicyPerson
  /** What the mapping gives other people, to tell who may see whom. */
  accessOf(identity: Identity): Promise<PolicyPerson>
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
  readonly judge: Judge
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
  { judge, inTime, clock }: EnforcerTools,
): Enforcer {
  if (!policy) return () => Promise.resolve(pass)
  const recorder = refusalRecorder(adapters, {
    personOf: async (scope, identity) => (await judge(scope, identity)).user?.id,
    onError: (error) => debug('what would be refused was not kept: %O', error),
  })
  const person = (scope: Scope, identity: Identity) => personOf(adapters, judge, scope, identity)

  async function ofOne(scope: Scope, request: IncomingMessage, identity: Identity) {
    const asked = await person(scope, identity)
    const question = {
      request,
      person: asked,
      accessOf: (other: Identity) => person(scope, other),
    }
    return policy?.decide(scope, question)
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

async function personOf(
  adapters: Adapters,
  judge: Judge,
  scope: Scope,
  identity: Identity,
): Promise<PolicyPerson> {
  if (await adapters.gate?.isOwner?.(scope, identity)) return { identity, access: 'all' }
  const { standing, user } = await judge(scope, identity)
  if (standing !== 'active' || !user) return { identity, access: undefined }
  if ((await exemptionOf(adapters, scope, user))?.kind === 'protected') {
    return { identity, access: 'all' }
  }
  return { identity, access: await adapters.groups.resolveAccess(scope, user) }
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
