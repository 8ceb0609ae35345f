module.exports = globalThis.__esmBridge['@nestjs/common/constants'];
