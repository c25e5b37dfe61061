export { type AdminToken, adminTokens } from './admin-tokens.js'
export type { Administrator, Authorize } from './authorize.js'
export type { ProjectChoice, SettingsOptions } from './options.js'
export { settingsRouter } from './router.js'
