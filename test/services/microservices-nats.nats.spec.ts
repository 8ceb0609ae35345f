import { losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('nats');
survivesItsBroker('nats');
