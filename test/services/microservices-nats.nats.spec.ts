import { answersItself, losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('nats');
answersItself('nats');
survivesItsBroker('nats');
