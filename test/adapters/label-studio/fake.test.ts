import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { describeCommunityContract } from './contract.js'

describeCommunityContract('a fake Label Studio Community', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)
