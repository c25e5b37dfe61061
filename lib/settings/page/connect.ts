import { ScimError } from '../../errors.js'
import { readText } from '../api/parameters.js'
import { hasSentPeople, readSetup } from '../reports/setup.js'
import {
  createToken,
  listTokens,
  type MadeToken,
  renameToken,
  revokeToken,
  rotateToken,
} from '../rules/tokens.js'
import { type Buttons, pressed } from './buttons.js'
import { guides } from './guides.js'
import type { Part } from './html.js'
import { page } from './layout.js'
import { connectView } from './views/connect.js'
import { outcome } from './views/panels.js'
import type { PageAnswer, PageRequest } from './visit.js'

const dayMs = 86_400_000

/** How to connect an identity provider: address, tokens, guide, next steps. */
export function showConnect(pageRequest: PageRequest): Promise<PageAnswer> {
  return connectPage(pageRequest, {})
}

/** Does what the pressed button says. */
export async function changeConnect(pageRequest: PageRequest): Promise<PageAnswer> {
  const action = pressed(actions, pageRequest)
  try {
    return await connectPage(pageRequest, await action(pageRequest))
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    const problem = { said: outcome('bad', error.message), status: error.status }
    return connectPage(pageRequest, problem)
  }
}

/** The result of a button. */
interface Outcome {
  readonly said?: Part
  readonly made?: MadeToken
  readonly status?: number
}

const actions: Buttons<Outcome> = {
  async create({ context, scope, form }) {
    const days = Number(form.get('days')) || 0
    const end = new Date(context.clock().getTime() + days * dayMs)
    const expiresAt = days > 0 && days < 10_000 ? end.toISOString() : undefined
    const name = form.get('name') ?? ''
    return { made: await createToken(context, scope, { name, expiresAt }) }
  },
  async rename({ context, scope, form }) {
    const wish = { id: idIn(form), name: form.get('name') ?? '' }
    const { name } = await renameToken(context, scope, wish)
    return { said: outcome('good', `The token is named "${name}" now.`) }
  },
  async rotate({ context, scope, form }) {
    return { made: await rotateToken(context, scope, idIn(form)) }
  },
  async revoke({ context, scope, form }) {
    const { name } = await revokeToken(context, scope, idIn(form))
    return { said: outcome('good', `The token "${name}" is revoked: it is refused from now on.`) }
  },
}

function idIn(form: URLSearchParams): string {
  return readText(form, 'id') ?? ''
}

async function connectPage(
  { context, scope, layout, query, scimUrl }: PageRequest,
  { status = 200, ...outcome }: Outcome,
): Promise<PageAnswer> {
  const [setup, tokens] = await Promise.all([
    readSetup(context, scope),
    context.tokens && listTokens(context, scope),
  ])
  const guide = guides.find(({ id }) => id === query.get('idp'))
  const hasPeople = await hasSentPeople(context, scope, setup)
  const content = connectView(layout, { setup, hasPeople, tokens, guide, scimUrl, ...outcome })
  return { status, page: page(layout, { title: 'Connect', tab: 'connect', content }) }
}
