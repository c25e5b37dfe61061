import createDebug from 'debug'
import type { PolicyDecision, PolicyQuestion } from '../../../lib/adapter/index.js'
import type { Resolver } from './resolve.js'
import { decodedText } from './text.js'

const debug = createDebug('label-studio-scim:policy')

type Allow = Extract<PolicyDecision, { kind: 'allow' }>

/** Requests that delete tasks, or give their numbers to new ones. */
const numbersMove = [
  /^DELETE \/api\/(?:tasks\/\d+|projects\/\d+(?:\/tasks)?)(?:\?|$)/,
  /^POST \/api\/projects\/\d+\/(?:import|reimport|tasks\/bulk)(?:\?|$)/,
  /^POST \/api\/dm\/actions\?(?!(?:.*&)?id=next_task(?:&|$))/,
  /^POST \/admin\//,
]

/** Numbers of tasks that are deleted may be another project's a moment later. */
export function forgetting(
  resolver: Resolver,
  { request }: PolicyQuestion,
  decision: PolicyDecision,
): PolicyDecision {
  const asked = `${request.method} ${decodedUrl(request.url ?? '')}`
  if (decision.kind !== 'allow' || !numbersMove.some((each) => each.test(asked))) return decision
  resolver.forget()
  const after = (status: number) => {
    decision.answer?.after?.(status)
    resolver.forget()
  }
  return { ...decision, answer: { ...decision.answer, after } }
}

/** Administrators' requests are not read, so that their paths may be encoded. */
function decodedUrl(url: string): string {
  const [path = '', ...query] = url.replace(/^\/+/, '/').split('?')
  const plain = decodedText(path, false) ?? path
  return [plain.replace(/\/$/, ''), ...query].join('?')
}

const oneProject = /^\/api\/projects\/(\d{1,15})\/?(?:\?|$)/

/** A project that is deleted leaves its workspace. */
export function withDeletion({ request, projectDeleted }: PolicyQuestion): Pick<Allow, 'answer'> {
  const project = request.method === 'DELETE' ? oneProject.exec(request.url ?? '')?.[1] : undefined
  if (project === undefined) return {}
  const after = (status: number) => {
    if (status !== 204) return
    projectDeleted(Number(project)).catch((error: unknown) => {
      debug('project %s stays in its workspace: %O', project, error)
    })
  }
  return { answer: { after } }
}
