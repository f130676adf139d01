"""A suite of calls to one support agent: does it do well enough, in every scenario?"""
