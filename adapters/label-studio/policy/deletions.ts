import createDebug from 'debug'
import type { PolicyDecision, PolicyQuestion } from '../../../lib/adapter/index.js'
import type { Resolver } from './resolve.js'
import { decodedText } from './text.js'

const debug = createDebug('label-studio-scim:policy')

type Allow = Extract<PolicyDecision, { kind: 'allow' }>

/** Requests that delete tasks or give the ids of deleted tasks to new ones. */
const numbersMove = [
  /^DELETE \/api\/(?:tasks\/\d+|projects\/\d+(?:\/tasks)?)(?:\?|$)/,
  /^POST \/api\/projects\/\d+\/(?:import|reimport|tasks\/bulk)(?:\?|$)/,
  /^POST \/api\/dm\/actions\?(?!(?:.*&)?id=next_task(?:&|$))/,
  /^POST \/admin\//,
]

/** Makes the resolver forget: the id of a deleted task may soon belong to another project. */
export function forgetting(
  resolver: Resolver,
  { request }: PolicyQuestion,
  decision: PolicyDecision,
): PolicyDecision {
  const asked = askedIn(request)
  if (decision.kind !== 'allow' || !numbersMove.some((each) => each.test(asked))) return decision
  resolver.forget()
  const after = (status: number) => {
    decision.answer?.after?.(status)
    resolver.forget()
  }
  return { ...decision, answer: { ...decision.answer, after } }
}

/** Method and URL. The path may still be encoded; an administrator's is not even parsed. */
function askedIn({ method, url = '' }: PolicyQuestion['request']): string {
  const [path = '', ...query] = url.replace(/^\/+/, '/').split('?')
  const plain = decodedText(path, false) ?? path
  return `${method} ${[plain.replace(/\/$/, ''), ...query].join('?')}`
}

const deletionOfProject = /^DELETE \/api\/projects\/(\d{1,15})(?:\?|$)/

/** Takes a deleted project out of its workspace. */
export function withDeletion({ request, projectDeleted }: PolicyQuestion): Pick<Allow, 'answer'> {
  const project = deletionOfProject.exec(askedIn(request))?.[1]
  if (project === undefined) return {}
  const after = (status: number) => {
    if (status !== 204) return
    projectDeleted(Number(project)).catch((error: unknown) => {
      debug('project %s stays in its workspace: %O', project, error)
    })
  }
  return { answer: { after } }
}
