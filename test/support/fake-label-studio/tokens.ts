import {
  newAccessToken,
  newPersonalAccessToken,
  readJwt,
  unauthorized,
  withoutSignature,
} from './auth.js'
import { apiError, type FakeHandler, json, noContent, record, route, textIn } from './http.js'
import { randomKey } from './state.js'

const version: FakeHandler = ({ isEnterprise, options }) => {
  const community = options.before117 ? '1.16.0' : '1.23.2'
  return json(200, {
    release: isEnterprise ? '2.37.0' : community,
    edition: isEnterprise ? 'Enterprise' : 'Community',
    'label-studio-os-package': { version: community },
  })
}

/** JSON with the content type of a page. */
const health: FakeHandler = () => ({
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '{"status": "UP"}',
})

const listTokens: FakeHandler = ({ user }) =>
  json(
    200,
    user?.personalAccessToken === undefined
      ? []
      : user.outstandingTokens.slice(-1).map((token) => ({ token })),
  )

const createToken: FakeHandler = ({ user }) => {
  if (user === undefined) return unauthorized()
  if (user.personalAccessToken !== undefined) {
    return apiError(
      409,
      'You already have a valid token. Please revoke it before creating a new one.',
    )
  }
  return json(201, { token: newPersonalAccessToken(user) })
}

const refreshToken: FakeHandler = ({ state, options, request }) => {
  const user = readJwt(state, textIn(request.json, 'refresh') ?? '', 'refresh')
  if (user === undefined) return unauthorized('Token is invalid')
  return json(200, { access: newAccessToken(user, options) })
}

/** Whoever knows a token may revoke it, and its signature is not needed. */
const revokeToken: FakeHandler = ({ state, request }) => {
  const shown = withoutSignature(textIn(request.json, 'refresh') ?? '')
  const user = [...state.users.values()].find(
    (each) => each.personalAccessToken && each.outstandingTokens.at(-1) === shown,
  )
  if (user === undefined) return apiError(404, 'Token is invalid or already blacklisted.')
  user.personalAccessToken = undefined
  return noContent()
}

const legacyToken: FakeHandler = ({ user }) =>
  user?.legacyToken === ''
    ? apiError(500, 'Token matching query does not exist.')
    : json(200, { token: user?.legacyToken })

const resetLegacyToken: FakeHandler = ({ user }) => {
  if (user === undefined) return unauthorized()
  user.legacyToken = randomKey()
  return json(201, { token: user.legacyToken })
}

const tokenSettings: FakeHandler = ({ state }) => json(200, state.tokenSettings)

const changeTokenSettings: FakeHandler = ({ state, request }) => {
  Object.assign(state.tokenSettings, record(request.json))
  return json(200, state.tokenSettings)
}

const invite: FakeHandler = ({ state }) =>
  json(200, {
    token: state.inviteToken,
    invite_url: `/user/signup/?token=${state.inviteToken}`,
  })

const resetInvite: FakeHandler = (context, ...ids) => {
  context.state.inviteToken = randomKey()
  return { ...invite(context, ...ids), status: 201 }
}

/** Version, health, tokens and invites. */
export const tokenRoutes = [
  route('GET', '/api/version/', version, { isOpen: true }),
  route('GET', '/health', health, { isOpen: true }),
  route('GET', '/api/token/', listTokens),
  route('POST', '/api/token/', createToken),
  route('POST', '/api/token/refresh/', refreshToken, { isOpen: true }),
  route('POST', '/api/token/blacklist/', revokeToken, { isOpen: true }),
  route('GET', '/api/current-user/token', legacyToken),
  route('POST', '/api/current-user/reset-token/', resetLegacyToken),
  route('GET', '/api/jwt/settings', tokenSettings),
  route('POST', '/api/jwt/settings', changeTokenSettings),
  route('GET', '/api/invite', invite),
  route('POST', '/api/invite/reset-token', resetInvite),
]
